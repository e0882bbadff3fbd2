-- upsert_documents: insert documents, or replace them whole
--
-- Numbers are drawn in the order of the request, rows are written in the order of their ids: two
-- writers that share ids meet them in the same order, and do not wait for each other in a circle.
-- The inner query is not merged with the outer one because next_seq is volatile.
INSERT INTO {table} (id, seq, attributes{columns})
SELECT id, seq, attributes{columns}
FROM (
    SELECT id, {catalog}.next_seq({sequence_name}) AS seq, attributes{columns}
    FROM unnest({arrays}) AS batch (id, attributes{columns})
) AS numbered
ORDER BY id
ON CONFLICT (id) DO UPDATE
SET seq = excluded.seq,
    attributes = excluded.attributes{assignments};
