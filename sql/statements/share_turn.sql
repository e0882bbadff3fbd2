-- share_turn: write beside others, but not beside one who needs to be alone; held until the commit
SELECT pg_advisory_xact_lock_shared(hashtextextended({key}, 3));
