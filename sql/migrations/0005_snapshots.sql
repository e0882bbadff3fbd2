-- 0005: snapshots, copies of a namespace in one file each.
--
-- The list says what there is and what was begun. The files are in a folder, or here as chunks where
-- no disk lasts. A snapshot is "making" until its file is whole and durable, and "leaving" while
-- its file is removed; who makes one holds an advisory lock, so that one which is "making" without
-- the lock being held is what a killed process left, and is cleared away. No foreign key to the
-- namespaces: a snapshot outlives the namespace that it is of.
--
-- Locks: none that matter (new objects only).   Rollback: drop both tables.

CREATE TABLE {catalog}.snapshots (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL UNIQUE,
    namespace  text        COLLATE "C" NOT NULL,
    kept_in    text        NOT NULL,
    state      text        NOT NULL DEFAULT 'making',
    created_at timestamptz NOT NULL DEFAULT now(),
    size       bigint,
    checksum   text,

    CONSTRAINT place_is_known CHECK (kept_in IN ('directory', 'database')),
    CONSTRAINT state_is_known CHECK (state IN ('making', 'ready', 'leaving')),
    CONSTRAINT ready_is_whole CHECK (
        state <> 'ready' OR (size IS NOT NULL AND checksum IS NOT NULL)
    )
);

CREATE INDEX snapshots_of_namespace ON {catalog}.snapshots (namespace);

COMMENT ON TABLE {catalog}.snapshots IS 'Copies of namespaces in one file each; ready ones are whole.';
COMMENT ON COLUMN {catalog}.snapshots.kept_in IS
    'directory: the folder that VECTABLE_SNAPSHOT_DIR names; database: snapshot_chunks.';
COMMENT ON COLUMN {catalog}.snapshots.checksum IS 'SHA-256 of the file, in hexadecimal digits.';

CREATE TABLE {catalog}.snapshot_chunks (
    snapshot_id bigint  NOT NULL REFERENCES {catalog}.snapshots (id) ON DELETE CASCADE,
    position    integer NOT NULL,
    data        bytea   NOT NULL,

    PRIMARY KEY (snapshot_id, position)
);

-- what can be made smaller already was
ALTER TABLE {catalog}.snapshot_chunks ALTER COLUMN data SET STORAGE EXTERNAL;

COMMENT ON TABLE {catalog}.snapshot_chunks IS
    'The files of snapshots that are kept in the database, 1 MB in a row, in the order of position.';
