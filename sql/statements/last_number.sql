-- last_number: the last number that was drawn from a sequence
SELECT coalesce(pg_sequence_last_value({sequence}), 0);
