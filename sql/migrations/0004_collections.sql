-- 0004: what collections need beside namespaces: freer names, mixed ids, aliases, configuration.
--
-- A collection of the VectorAI API is a namespace. Its name may have any characters but those that
-- file systems and paths give a meaning to, and 255 of them; a namespace that the other API cannot
-- spell is simply out of its reach.
--
-- An alias is a second name. Whatever changes an alias raises the version of the namespace that it
-- stood for, so that no process goes on with what it has in its cache under that name.
--
-- Locks: ALTER TABLE on the list of namespaces, for an instant (constant defaults rewrite nothing;
-- the new checks look at every row of the list once).
-- Rollback: drop the table and the columns, restore the checks of 0001.

ALTER TABLE {catalog}.namespaces
    DROP CONSTRAINT name_fits_the_apis,
    ADD CONSTRAINT name_fits_the_apis CHECK (
        char_length(name) BETWEEN 1 AND 255 AND name !~ '[<>:"/\\|?*\x1f]'
    ),
    DROP CONSTRAINT id_type_is_known,
    ADD CONSTRAINT id_type_is_known CHECK (
        id_type IN ('bigint', 'numeric(20,0)', 'uuid', 'text', 'mixed')
    ),
    ADD COLUMN config jsonb NOT NULL DEFAULT '{{}}',
    ADD COLUMN closed boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN {catalog}.namespaces.id_type IS
    'SQL type of the id column; mixed: uuid, with integers as the UUIDs below 2^64.';
COMMENT ON COLUMN {catalog}.namespaces.config IS
    'Configuration that callers gave and read back; nothing depends on it.';
COMMENT ON COLUMN {catalog}.namespaces.closed IS
    'Documents are neither read nor written until it is opened again. After a change by hand: SET version = nextval(''{catalog}.versions'').';

CREATE TABLE {catalog}.aliases (
    alias        text        COLLATE "C" PRIMARY KEY,
    namespace_id bigint      NOT NULL REFERENCES {catalog}.namespaces (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT alias_fits_the_apis CHECK (
        char_length(alias) BETWEEN 1 AND 255 AND alias !~ '[<>:"/\\|?*\x1f]'
    )
);

CREATE INDEX aliases_of_namespace ON {catalog}.aliases (namespace_id);

COMMENT ON TABLE {catalog}.aliases IS 'Second names of namespaces; they go with the namespace.';
