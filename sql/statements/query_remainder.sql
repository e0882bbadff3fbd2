-- query_remainder: the documents of a segment whose vectors its index cannot hold
(SELECT current.id, current.distance, false AS walked
FROM {segment} AS segment
CROSS JOIN LATERAL (
    SELECT id, {distance} AS distance
    FROM (
        SELECT * FROM {table} AS stored
        WHERE stored.id = segment.id AND stored.seq = segment.seq
        OFFSET 0
    ) AS document
    WHERE {predicate}
    OFFSET 0
) AS current
WHERE segment.v IS NULL
ORDER BY distance, id
LIMIT {limit})
