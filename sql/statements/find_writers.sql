-- find_writers: the transactions that may have drawn numbers from a sequence and are not yet over
--
-- nextval locks the sequence until the end of the transaction: who drew a number holds that lock, or
-- has ended and is visible to the next snapshot. Who only looked at the sequence may hold the same
-- lock, but has no transaction id: numbers are drawn after taking one (next_seq, in 0001).
SELECT DISTINCT l.virtualtransaction
FROM pg_locks l
JOIN pg_locks own ON own.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'relation'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.relation = {sequence}
  AND l.mode = 'RowExclusiveLock'
  AND own.locktype = 'transactionid'
  AND own.mode = 'ExclusiveLock'
  AND own.granted;
