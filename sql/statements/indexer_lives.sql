-- indexer_lives: whether an indexer holds its lock; a look does not get in the way of anybody's locks
WITH lock AS (SELECT hashtextextended(%s, 3) AS key)
SELECT EXISTS (
    SELECT FROM pg_locks l, lock
    WHERE l.locktype = 'advisory'
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid::bigint = (lock.key >> 32) & 4294967295
      AND l.objid::bigint = lock.key & 4294967295
      AND l.objsubid = 1
      AND l.mode = 'ShareLock'
      AND l.granted
);
