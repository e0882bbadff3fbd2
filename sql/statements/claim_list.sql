-- claim_list: raise the number of a namespace's list, and keep others from changing it until the commit
--
-- No row: the namespace or its table is gone, or another one.
UPDATE {catalog}.namespaces
SET index_version = nextval('{catalog}.versions')
WHERE id = {namespace}
  AND pg_relation_filenode(to_regclass({documents_table})) = {file}::oid
RETURNING index_version;
