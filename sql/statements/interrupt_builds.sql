-- interrupt_builds: cancel what builds indexes on a table, which keeps it from being dropped
SELECT pg_cancel_backend(pid)
FROM pg_stat_progress_create_index
WHERE relid = to_regclass(%s) AND pid <> pg_backend_pid();
