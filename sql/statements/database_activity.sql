-- database_activity: a number that changes when anything in the database does
SELECT tup_inserted + tup_updated + tup_deleted, (SELECT last_value FROM {catalog}.versions)
FROM pg_stat_database
WHERE datname = current_database();
