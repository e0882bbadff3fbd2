-- query_ordered: ids of the first documents in the order of an attribute or the id
SELECT id, NULL::double precision AS distance, 0::bigint AS found
FROM {table}
WHERE {predicate}
ORDER BY {order}
LIMIT {limit}
