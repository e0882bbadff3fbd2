-- 0002: what searches may use beside the tables, and who is told when it changes.
--
-- Index segments are derived and have a schema of their own ({segments}), made by the indexer with
-- its list inside, so that it can be dropped whole at any moment. What stays here is small and
-- worth keeping: which attributes are indexed, because queries asked for it, and a number that
-- processes compare with the one they know.
--
-- Locks: ALTER TABLE on the list of namespaces, for an instant (a constant default rewrites nothing).
-- Rollback: drop the table and the column.

ALTER TABLE {catalog}.namespaces ADD COLUMN index_version bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN {catalog}.namespaces.index_version IS
    'Raised when segments or attribute indexes change; statements return the number they saw.';
COMMENT ON COLUMN {catalog}.namespaces.settings IS
    'Overrides of the index settings: m, ef_construction, ef_search, recall_target, seal_rows, '
    'max_unindexed. After a change by hand: SET version = nextval(''{catalog}.versions'').';

CREATE TABLE {catalog}.attribute_indexes (
    namespace_id bigint      NOT NULL REFERENCES {catalog}.namespaces (id) ON DELETE CASCADE,
    kind         text        NOT NULL,
    attribute    text        NOT NULL DEFAULT '',
    asked_at     timestamptz NOT NULL DEFAULT now(),
    ready        boolean     NOT NULL DEFAULT false,

    PRIMARY KEY (namespace_id, kind, attribute),
    CONSTRAINT kind_is_known CHECK (kind IN ('membership', 'number', 'text'))
);

COMMENT ON TABLE {catalog}.attribute_indexes IS
    'Indexes on attributes that filters asked for; the indexer builds those that are not ready.';
COMMENT ON COLUMN {catalog}.attribute_indexes.kind IS
    'membership: one GIN index for all attributes; number, text: a btree on one attribute.';
