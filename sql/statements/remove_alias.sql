-- remove_alias: an alias ends, and whoever has its namespace in a cache reads it again
WITH gone AS (
    DELETE FROM {catalog}.aliases WHERE alias = {alias} RETURNING namespace_id
)
UPDATE {catalog}.namespaces
SET version = nextval('{catalog}.versions')
FROM gone
WHERE namespaces.id = gone.namespace_id
RETURNING namespaces.id;
