-- query_scored: ids and scores of the documents with the highest ones; a score of 0 is no result
SELECT id, distance, 0::bigint AS found
FROM (SELECT id, coalesce({score}, 0) AS distance FROM {table} WHERE {predicate} OFFSET 0) AS scored
WHERE distance <> 0
ORDER BY distance DESC, id
LIMIT {limit}
