-- find_attribute_indexes: the indexes on attributes that searches of a namespace may count on
SELECT kind, attribute
FROM {catalog}.attribute_indexes
WHERE namespace_id = %s AND ready;
