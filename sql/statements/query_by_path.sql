-- query_by_path: documents in the order of the numbers and times at a path, once for each
--
-- values is a query of the numbers of one document, in a column called number.
SELECT document.id, each.number AS distance, 0::bigint AS found
FROM {table} AS document
CROSS JOIN LATERAL ({values}) AS each
WHERE {predicate}
  AND each.number IS NOT NULL
  AND {start}
ORDER BY each.number{direction}, document.id
LIMIT {limit}
