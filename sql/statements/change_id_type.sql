-- change_id_type: wider ids; rewrites the table and its index
ALTER TABLE {table} ALTER COLUMN id TYPE {id_type} USING {using};
