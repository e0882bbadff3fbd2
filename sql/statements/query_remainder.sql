-- query_remainder: the documents of a segment whose vectors its index cannot hold
(SELECT current.id, current.distance, false AS walked
FROM {segment} AS segment
CROSS JOIN LATERAL (
    SELECT id, {distance} AS distance
    FROM {table} AS document
    WHERE document.id = segment.id AND document.seq = segment.seq AND {predicate}
    OFFSET 0
) AS current
WHERE segment.v IS NULL
ORDER BY distance, id
LIMIT {limit})
