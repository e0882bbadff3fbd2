-- count_values: the values at a path that most documents have; ties by type, size and bytes
--
-- values is a query of the different values of one document, in a column called value.
SELECT each.value, count(*) AS documents
FROM {table} AS document
CROSS JOIN LATERAL ({values}) AS each
WHERE {predicate}
GROUP BY each.value
ORDER BY documents DESC,
         jsonb_typeof(each.value),
         CASE jsonb_typeof(each.value) WHEN 'number' THEN (each.value #>> '{{}}')::numeric END,
         (each.value #>> '{{}}') COLLATE "C"
LIMIT {limit}
