-- drop_index: an index on an attribute, beside readers and writers
DROP INDEX CONCURRENTLY IF EXISTS {index};
