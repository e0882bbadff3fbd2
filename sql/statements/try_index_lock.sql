-- try_index_lock: one session at a time makes indexes on a namespace's attributes
SELECT pg_try_advisory_lock(hashtextextended(%s, 3));
