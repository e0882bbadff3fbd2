-- edit_attributes: one change of the attributes of every document that matches a filter
UPDATE {table} SET attributes = {changed}
WHERE {predicate};
