-- run_operation: the sign of life of a copy, held until its transaction ends
SELECT pg_advisory_xact_lock(hashtextextended(%s, 4));
