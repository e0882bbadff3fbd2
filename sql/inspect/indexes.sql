-- Which indexes do the namespaces' tables have, how large are they, and are they used?
--
-- psql "$DATABASE_URL" -f sql/inspect/indexes.sql
SELECT s.relname                                    AS "table",
       s.indexrelname                               AS index,
       pg_size_pretty(pg_relation_size(s.indexrelid)) AS size,
       s.idx_scan                                   AS scans,
       s.idx_tup_read                               AS rows_read,
       i.indisvalid                                 AS valid
FROM pg_stat_user_indexes s
JOIN pg_index i USING (indexrelid)
WHERE s.schemaname IN ('vectable', 'vectable_segments')
ORDER BY pg_relation_size(s.indexrelid) DESC;
