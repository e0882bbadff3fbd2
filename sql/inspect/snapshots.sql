-- Which snapshots are there, how large are they, and which were begun and never finished?
--
-- psql "$DATABASE_URL" -f sql/inspect/snapshots.sql
SELECT s.namespace,
       s.name,
       s.kept_in,
       s.state,
       s.created_at,
       pg_size_pretty(s.size) AS size,
       (SELECT count(*) FROM vectable_catalog.snapshot_chunks c WHERE c.snapshot_id = s.id) AS chunks,
       n.id IS NOT NULL       AS namespace_exists
FROM vectable_catalog.snapshots s
LEFT JOIN vectable_catalog.namespaces n ON n.name = s.namespace
ORDER BY s.namespace, s.id;
