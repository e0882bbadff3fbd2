-- list_migrations: the names of the migrations that were applied
SELECT name FROM {catalog}.migrations;
