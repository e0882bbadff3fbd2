-- find_metadata: what changes from moment to moment, beside a namespace's row
SELECT updated_at,
       coalesce(written_at, updated_at),
       pinning,
       {size},
       pg_table_size({documents_table})
FROM {catalog}.namespaces
WHERE name = {namespace} AND version = {version};
