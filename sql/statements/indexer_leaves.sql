-- indexer_leaves: the indexer's sign of life is taken back
SELECT pg_advisory_unlock_shared(hashtextextended(%s, 3));
