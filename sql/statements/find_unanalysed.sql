-- find_unanalysed: tables with documents but without statistics
--
-- The size of a table that somebody has locked would have to be waited for: it has another turn.
SELECT c.relname
FROM pg_class c
JOIN {catalog}.namespaces n ON n.table_name = c.relname
WHERE c.relnamespace = %s::regnamespace
  AND c.relkind = 'r'
  AND c.reltuples < 0
  AND CASE WHEN c.oid NOT IN (
          SELECT relation FROM pg_locks
          WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      ) THEN pg_relation_size(c.oid) > 0 END;
