-- try_build_lock: one process at a time builds for a namespace; the others go on to the next one
SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 2));
