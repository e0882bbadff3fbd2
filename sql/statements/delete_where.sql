-- delete_where: every document that matches a filter
DELETE FROM {table} WHERE {predicate}{returning};
