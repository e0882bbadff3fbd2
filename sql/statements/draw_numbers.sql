-- draw_numbers: the next numbers in write order, for documents about to be written beside others
SELECT {catalog}.next_seq({sequence_name})
FROM (SELECT pg_advisory_xact_lock_shared(hashtextextended({key}, 3)) OFFSET 0) AS turn,
     generate_series(1, {count});
