-- drop_vector_column: a vector column with all that was in it
ALTER TABLE {table} DROP COLUMN {column};
