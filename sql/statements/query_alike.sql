-- query_alike: the documents with the highest scores of their likeness to examples
--
-- OFFSET 0 keeps the likenesses from being computed wherever the score mentions them.
SELECT id, {score} AS distance, 0::bigint AS found
FROM (
    SELECT id, {compared}
    FROM {table}
    WHERE {column} IS NOT NULL
      AND {predicate}
    OFFSET 0
) AS compared
ORDER BY distance DESC, id
LIMIT {limit}
