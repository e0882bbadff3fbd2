-- create_segment: the table of a segment; it is filled once and never changes, so nothing vacuums it
CREATE TABLE {segment} (
    id   {id_type} NOT NULL,
    seq  bigint    NOT NULL,
    v    {vector_type}
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
COMMENT ON TABLE {segment} IS {comment};
