-- sample_vectors: some vectors, at random positions in write order
--
-- Reads one row after each random number through the index on seq, so it costs the same at any size.
WITH bounds AS MATERIALIZED (
    SELECT min(seq) AS low, max(seq) AS high FROM {table}
    WHERE seq > {low} AND seq <= {high}
),
draws AS MATERIALIZED (
    SELECT (low + floor(random() * (high - low + 1)))::bigint AS position
    FROM bounds, generate_series(1, {count})
)
SELECT {vector}
FROM draws
CROSS JOIN LATERAL (
    SELECT {column} FROM {table}
    WHERE seq >= draws.position AND seq <= {high} AND {column} IS NOT NULL
    ORDER BY seq LIMIT 1
) AS document;
