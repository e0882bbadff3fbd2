-- add_vector_column: room for vectors of one length
ALTER TABLE {table} ADD COLUMN {column} {type};
