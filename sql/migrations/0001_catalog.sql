-- 0001: the catalog of namespaces.
--
-- Three schemas, named after one setting ({documents}, by default "vectable"):
--   {documents}   the namespaces' tables and nothing else, for people and their SQL
--   {catalog}     what the service knows of them
--   {segments}    what is derived from the tables; dropping it loses speed, never data
--
-- Every namespace is one table. Callers may use 128 characters in a name and PostgreSQL allows 63
-- bytes, so a long name becomes its start and a hash; the full name stands here and in the table's
-- COMMENT, where \dt+ shows it.
--
-- Locks: none that matter (new objects only).   Rollback: drop the three schemas.

CREATE SCHEMA IF NOT EXISTS {documents};
CREATE SCHEMA IF NOT EXISTS {segments};

COMMENT ON SCHEMA {documents} IS 'Vectable: one table per namespace.';
COMMENT ON SCHEMA {catalog} IS 'Vectable: what the service knows of its namespaces.';
COMMENT ON SCHEMA {segments} IS 'Vectable: derived from the tables; leave it out of backups.';

-- One sequence for all versions: a namespace that is dropped and made again never gets a version
-- that some process still has in its cache.
CREATE SEQUENCE {catalog}.versions;

CREATE TABLE {catalog}.namespaces (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        COLLATE "C" NOT NULL UNIQUE,
    table_name  text        COLLATE "C" NOT NULL UNIQUE,
    id_type     text        NOT NULL,
    vectors     jsonb       NOT NULL DEFAULT '[]',
    attributes  jsonb       NOT NULL DEFAULT '{{}}',
    settings    jsonb       NOT NULL DEFAULT '{{}}',
    layout      integer     NOT NULL DEFAULT 1,
    version     bigint      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT name_fits_the_apis CHECK (name ~ '^[A-Za-z0-9_.-]{{1,128}}$'),
    CONSTRAINT id_type_is_known CHECK (id_type IN ('bigint', 'numeric(20,0)', 'uuid', 'text'))
);

-- The list of namespaces is paged in the order of object keys ("<name>-table/"), so "demo-copy"
-- stands before "demo".
CREATE INDEX namespaces_listing ON {catalog}.namespaces ((name || '-table/'));

COMMENT ON TABLE {catalog}.namespaces IS
    'One row per namespace. The documents are in the table of the same name in the documents schema.';
COMMENT ON COLUMN {catalog}.namespaces.table_name IS
    'The table: the name itself, or its start and a hash when it has more than 50 bytes.';
COMMENT ON COLUMN {catalog}.namespaces.id_type IS 'SQL type of the id column.';
COMMENT ON COLUMN {catalog}.namespaces.vectors IS
    'Vector columns: name, dimensions, metric (null until a write gives one).';
COMMENT ON COLUMN {catalog}.namespaces.attributes IS 'Attribute name to type and options.';
COMMENT ON COLUMN {catalog}.namespaces.layout IS 'Table layout; tables are migrated one by one.';
COMMENT ON COLUMN {catalog}.namespaces.version IS
    'Raised by every change of this row; statements return the version that they saw.';

-- Write order. The transaction takes its id before its first number, and nextval locks the sequence
-- until the transaction ends. So whoever reads the last number and then waits for those who hold that
-- lock and an id knows that no smaller number can still appear. One CASE expression, because such a function is inlined: as fast as nextval alone.
CREATE FUNCTION {catalog}.next_seq(numbers regclass) RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT CASE WHEN pg_catalog.pg_current_xact_id() IS NOT NULL
                  THEN pg_catalog.nextval(numbers) END $$;

COMMENT ON FUNCTION {catalog}.next_seq(regclass) IS
    'The default of every seq column: takes a transaction id, then the next number.';
