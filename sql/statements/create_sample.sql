-- create_sample: the attributes of some documents, drawn at random positions in write order
CREATE TABLE {sample} WITH (autovacuum_enabled = false) AS
WITH bounds AS MATERIALIZED (
    SELECT min(seq) AS low, max(seq) AS high FROM {table}
),
draws AS MATERIALIZED (
    SELECT DISTINCT (low + floor(random() * (high - low + 1)))::bigint AS position
    FROM bounds, generate_series(1, {count})
)
SELECT document.id, document.attributes
FROM draws
CROSS JOIN LATERAL (
    SELECT id, attributes FROM {table} WHERE seq >= draws.position ORDER BY seq LIMIT 1
) AS document;
