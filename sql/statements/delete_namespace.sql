-- delete_namespace: the catalog's row of a namespace that is dropped
DELETE FROM {catalog}.namespaces
WHERE name = %s
RETURNING table_name;
