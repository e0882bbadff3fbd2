-- rename_table: a table that was built aside gets the names of a namespace's own
ALTER TABLE {table} RENAME CONSTRAINT {primary_key} TO {own_primary_key};
ALTER TABLE {table} RENAME CONSTRAINT {object_check} TO {own_object_check};
ALTER INDEX {seq_index} RENAME TO {own_seq_index};
ALTER SEQUENCE {sequence} RENAME TO {own_sequence};
ALTER TABLE {table} RENAME TO {own_table};
