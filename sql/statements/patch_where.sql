-- patch_where: the same attributes of every document that matches a filter
UPDATE {table} SET attributes = (attributes || {given}) - {removed}::text[]
WHERE {predicate}{returning};
