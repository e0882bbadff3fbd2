-- query_capped: the first documents in an order, but only so many with the same keys
SELECT id, NULL::double precision AS distance, 0::bigint AS found
FROM (
    SELECT id, attributes, row_number() OVER (PARTITION BY {keys} ORDER BY {order}) AS place
    FROM {table}
    WHERE {predicate}
) AS ranked
WHERE place <= {cap}
ORDER BY {order}
LIMIT {limit}
