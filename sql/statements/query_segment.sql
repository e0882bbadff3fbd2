-- query_segment: candidates from one segment, in the order in which its index finds them
--
-- The index is walked as far as candidates are asked for, and each is looked up, whatever PostgreSQL
-- believes of the filter: sub-selects with LIMIT or OFFSET are not merged with what surrounds them.
-- The look-up by id and seq, and by no index of attributes, drops what was superseded or deleted. The settings of the walk
-- hold for this statement only, and from here on: the condition is evaluated before the index is
-- opened.
(SELECT current.id, current.distance, true AS walked
FROM (
    SELECT id, seq FROM {segment}
    WHERE {settings} AND v IS NOT NULL
    ORDER BY {order}
    LIMIT {budget}
) AS segment
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
LIMIT {candidates})
