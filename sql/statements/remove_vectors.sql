-- remove_vectors: no vectors any longer in the documents that match; they move in the write order,
-- so that no segment offers the old ones
UPDATE {table} SET seq = {catalog}.next_seq({sequence_name}){assignments}
WHERE {predicate};
