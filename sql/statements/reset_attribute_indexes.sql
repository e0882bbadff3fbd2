-- reset_attribute_indexes: the table is another one, its indexes are to be built anew
UPDATE {catalog}.attribute_indexes
SET ready = false
WHERE namespace_id = %s;
