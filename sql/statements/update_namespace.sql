-- update_namespace: a changed schema, unless somebody else changed it first (compare and set)
UPDATE {catalog}.namespaces
SET id_type = %s,
    vectors = %s,
    attributes = %s,
    version = nextval('{catalog}.versions'),
    updated_at = now()
WHERE name = %s
  AND version = %s
RETURNING version;
