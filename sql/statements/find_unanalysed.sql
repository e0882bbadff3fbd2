-- find_unanalysed: tables with documents but without statistics
SELECT c.relname
FROM pg_class c
JOIN {catalog}.namespaces n ON n.table_name = c.relname
WHERE c.relnamespace = %s::regnamespace
  AND c.relkind = 'r'
  AND c.reltuples < 0
  AND pg_relation_size(c.oid) > 0;
