-- query_nearest: ids and distances of the nearest documents, by an exact scan
SELECT id, {distance} AS distance, 0::bigint AS found
FROM {table}
WHERE {column} IS NOT NULL
  AND {predicate}
ORDER BY distance, id
LIMIT {limit}
