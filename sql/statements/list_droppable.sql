-- list_droppable: tables that no query needs any more
--
-- Segments replaced a while ago, segments and samples of namespaces or tables that are gone, and
-- tables of ours that no list names.
SELECT c.relname
FROM pg_class c
LEFT JOIN {segments}.segments s ON s.table_name = c.relname
LEFT JOIN {segments}.samples p ON p.table_name = c.relname
LEFT JOIN {catalog}.namespaces n
    ON n.id = coalesce(s.namespace_id, p.namespace_id)
    AND pg_relation_filenode(to_regclass(format('%%I.%%I', {documents_name}, n.table_name)))
        = coalesce(s.documents, p.documents)
WHERE c.relnamespace = {segments_name}::regnamespace
  AND c.relkind = 'r'
  AND strpos(c.relname, ':') > 0
  AND (n.id IS NULL OR s.retired_at < now() - {grace} * interval '1 second');
