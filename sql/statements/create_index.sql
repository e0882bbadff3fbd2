-- create_index: an index on an attribute, beside readers and writers
CREATE INDEX CONCURRENTLY {index} ON {table} {definition};
