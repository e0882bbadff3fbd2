-- prewarm_table: a table, what it keeps out of line, and their indexes, into the buffer cache
WITH relations AS (
    SELECT oid, reltoastrelid FROM pg_class WHERE oid = {table}
),
heaps AS (
    SELECT oid FROM relations
    UNION ALL
    SELECT reltoastrelid FROM relations WHERE reltoastrelid <> 0
)
SELECT sum({prewarm}(relation::regclass))
FROM (
    SELECT oid AS relation FROM heaps
    UNION ALL
    SELECT indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM heaps)
) AS everything;
