-- query_unsealed: the documents that no segment stands for, by an exact scan
(SELECT id, {distance} AS distance, false AS walked
FROM {table}
WHERE {unsealed}
  AND {column} IS NOT NULL
  AND {predicate}
ORDER BY distance, id
LIMIT {limit})
