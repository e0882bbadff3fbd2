-- indexer_sign: an indexer is there, for as long as this connection is
SELECT pg_advisory_lock_shared(hashtextextended(%s, 3));
