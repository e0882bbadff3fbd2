-- list_ready_indexes: all indexes on attributes that searches count on
SELECT namespace.id, namespace.table_name, made.kind, made.attribute
FROM {catalog}.attribute_indexes AS made
JOIN {catalog}.namespaces AS namespace ON namespace.id = made.namespace_id
WHERE made.ready;
