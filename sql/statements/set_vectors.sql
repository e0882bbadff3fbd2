-- set_vectors: new vectors of documents by id; they move to the end of the write order
UPDATE {table} AS document
SET seq = sent.seq, {column} = sent.vector
FROM (VALUES {rows}) AS sent (id, seq, vector)
WHERE document.id = sent.id
RETURNING document.id;
