-- find_namespace: one row of the catalog by its name or an alias
SELECT name, table_name, id_type, vectors, attributes, version, created_at, id, settings, read_only,
       config, closed
FROM {catalog}.namespaces
WHERE name = {wanted}
   OR id = (SELECT namespace_id FROM {catalog}.aliases WHERE alias = {wanted})
ORDER BY name = {wanted} DESC
LIMIT 1;
