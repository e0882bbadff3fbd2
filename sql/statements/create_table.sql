-- create_table: the table of a namespace
--
-- id is the only unique key, and there are no triggers and no foreign keys: the same table can be
-- distributed. The vectors have no index here; an index that is kept up with every insert makes
-- writes a hundred times slower, so indexes are built aside, over ranges of seq.
CREATE SEQUENCE {sequence};
CREATE TABLE {table} (
    id          {id_type} NOT NULL,
    seq         bigint    NOT NULL DEFAULT {catalog}.next_seq({sequence_name}),
    attributes  jsonb     NOT NULL DEFAULT '{{}}',
    CONSTRAINT {primary_key} PRIMARY KEY (id),
    CONSTRAINT {object_check} CHECK (jsonb_typeof(attributes) = 'object')
);
-- as if attributes repeated: groups by one of them are estimated from this number, and documents
-- that all differ would make PostgreSQL group them in one process
ALTER TABLE {table} ALTER COLUMN attributes SET (n_distinct = 1000);
CREATE INDEX {seq_index} ON {table} (seq);
ALTER SEQUENCE {sequence} OWNED BY {table}.seq;
COMMENT ON TABLE {table} IS {comment};
COMMENT ON COLUMN {table}.seq IS 'Write order. After an UPDATE of a vector by hand: SET seq = DEFAULT.';
