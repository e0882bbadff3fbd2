-- list_asked_indexes: the indexes on attributes that a namespace has or is to have
SELECT kind, attribute
FROM {catalog}.attribute_indexes
WHERE namespace_id = %s
ORDER BY kind, attribute;
