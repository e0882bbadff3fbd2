-- aggregate_groups: the values of each group, in the order of the groups' keys
SELECT {keys}, {functions}
FROM {table} AS document{elements}
WHERE {predicate}
GROUP BY {places}
ORDER BY {order}
LIMIT {limit}
