-- forget_missing: entries whose tables somebody has dropped; what they stood for is sealed anew
WITH gone AS (
    DELETE FROM {segments}.segments
    WHERE to_regclass(format('%%I.%%I', {segments_name}, table_name)) IS NULL
    RETURNING namespace_id
)
UPDATE {catalog}.namespaces SET index_version = nextval('{catalog}.versions')
WHERE id IN (SELECT namespace_id FROM gone);
