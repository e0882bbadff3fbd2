-- try_snapshot_lock: one at a time makes or recovers snapshots of a namespace
SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 4));
