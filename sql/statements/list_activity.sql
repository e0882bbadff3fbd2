-- list_activity: how often each namespace's table was changed, by PostgreSQL's own counters, and
-- the number of its list
SELECT n.name,
       pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
           + pg_stat_get_tuples_deleted(c.oid) AS changes,
       pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS superseding,
       n.index_version
FROM {catalog}.namespaces n
JOIN pg_class c ON c.relname = n.table_name AND c.relnamespace = {documents_name}::regnamespace
WHERE n.vectors <> '[]';
