-- take_turn: wait until nobody else writes into a namespace; held until the commit
SELECT pg_advisory_xact_lock(hashtextextended({key}, 3));
