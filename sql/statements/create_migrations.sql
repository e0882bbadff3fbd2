-- create_migrations: the schema of the catalog, and the list of what was applied to it
CREATE SCHEMA IF NOT EXISTS {catalog};
CREATE TABLE IF NOT EXISTS {catalog}.migrations (
    name        text        PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE {catalog}.migrations IS 'The files of sql/migrations that were applied here.';
