-- find_group_ids: the different strings and integers at a path, for some documents
SELECT document.id, each.value
FROM {table} AS document
CROSS JOIN LATERAL ({values}) AS each
WHERE {predicate}
ORDER BY document.id, each.value;
