-- record_sample: a sample into the list, in the place of the one before
INSERT INTO {segments}.samples (namespace_id, documents, table_name, rows, size)
VALUES (%s, %s::oid, %s, %s, %s)
ON CONFLICT (namespace_id) DO UPDATE
SET documents = excluded.documents, table_name = excluded.table_name,
    rows = excluded.rows, size = excluded.size, drawn_at = now();
