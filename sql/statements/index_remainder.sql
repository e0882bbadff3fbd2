-- index_remainder: a way to the rows of a segment that its index does not hold
CREATE INDEX {index} ON {segment} (id) WHERE v IS NULL;
