-- 0003: what writes and their operators leave behind: when, whether they may, and what runs long.
--
-- written_at is stamped at most once a second by each process, apart from the writes themselves: a
-- row that every write had to update would make all of them wait for each other.
--
-- Locks: ALTER TABLE on the list of namespaces, for an instant (constant defaults rewrite nothing).
-- Rollback: drop the columns and the table.

ALTER TABLE {catalog}.namespaces
    ADD COLUMN written_at timestamptz,
    ADD COLUMN read_only  boolean NOT NULL DEFAULT false,
    ADD COLUMN pinning    jsonb;

COMMENT ON COLUMN {catalog}.namespaces.written_at IS
    'When documents were last written, to about a second; NULL: not since this column exists.';
COMMENT ON COLUMN {catalog}.namespaces.read_only IS
    'Writes and schema changes are refused. After a change by hand: SET version = nextval(''{catalog}.versions'').';
COMMENT ON COLUMN {catalog}.namespaces.pinning IS
    'Kept for callers who set it; nothing depends on it.';

CREATE TABLE {catalog}.operations (
    token       uuid        PRIMARY KEY,
    namespace   text        COLLATE "C" NOT NULL,
    source      text        COLLATE "C" NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    documents   bigint,
    failure     jsonb,

    CONSTRAINT finished_with_one_outcome CHECK (
        (finished_at IS NULL) = (documents IS NULL AND failure IS NULL)
        AND (documents IS NULL OR failure IS NULL)
    )
);

COMMENT ON TABLE {catalog}.operations IS
    'Copies of namespaces that were started to run on their own; entries go after a week.';
COMMENT ON COLUMN {catalog}.operations.failure IS 'Kind of error and message, when it failed.';
