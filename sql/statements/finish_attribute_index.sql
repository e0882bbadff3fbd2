-- finish_attribute_index: searches may count on an index from now on, if it is whole
WITH finished AS (
    UPDATE {catalog}.attribute_indexes SET ready = true
    WHERE namespace_id = %s AND kind = %s AND attribute = %s
      AND EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid)
    RETURNING namespace_id
)
UPDATE {catalog}.namespaces SET index_version = nextval('{catalog}.versions')
WHERE id IN (SELECT namespace_id FROM finished);
