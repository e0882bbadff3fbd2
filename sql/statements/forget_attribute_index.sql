-- forget_attribute_index: an index is no longer there, nor asked for
WITH forgotten AS (
    DELETE FROM {catalog}.attribute_indexes
    WHERE namespace_id = %s AND kind = %s AND attribute = %s
    RETURNING namespace_id
)
UPDATE {catalog}.namespaces SET index_version = nextval('{catalog}.versions')
WHERE id IN (SELECT namespace_id FROM forgotten);
