-- query_unsealed: the documents that no segment stands for, by an exact scan
--
-- They are found by their numbers and by no index of attributes, whatever PostgreSQL believes.
(SELECT id, {distance} AS distance, false AS walked
FROM (SELECT * FROM {table} WHERE {unsealed} OFFSET 0) AS document
WHERE {column} IS NOT NULL
  AND {predicate}
ORDER BY distance, id
LIMIT {limit})
