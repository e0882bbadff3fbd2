-- delete_namespace: the catalog's row of a namespace that is dropped
DELETE FROM {catalog}.namespaces
WHERE name = %s
RETURNING name, table_name, id_type, vectors, attributes, version, created_at, id, settings, read_only,
          config, closed;
