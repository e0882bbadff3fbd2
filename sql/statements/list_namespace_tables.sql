-- list_namespace_tables: everything that is derived from one namespace
SELECT table_name FROM {segments}.segments WHERE namespace_id = {namespace}
UNION ALL
SELECT table_name FROM {segments}.samples WHERE namespace_id = {namespace};
