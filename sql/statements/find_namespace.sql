-- find_namespace: one row of the catalog by its name
SELECT name, table_name, id_type, vectors, attributes, version, created_at, id, settings, read_only
FROM {catalog}.namespaces
WHERE name = %s;
