-- lock_name: one process at a time creates a namespace of this name
SELECT pg_advisory_xact_lock(hashtextextended(%s, 1));
