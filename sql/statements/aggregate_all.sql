-- aggregate_all: the values over all documents that match
SELECT {functions} FROM {table} WHERE {predicate}
