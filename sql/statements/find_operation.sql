-- find_operation: a copy as it is now; alive: somebody is at it, or was about to begin just now
SELECT token, started_at, finished_at, documents, failure,
       EXISTS (
           SELECT FROM pg_locks
           WHERE locktype = 'advisory' AND objsubid = 1
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND (classid::bigint << 32) | objid::bigint
                 = hashtextextended(token::text, 4)
       ) OR started_at > now() - interval '30 seconds' AS alive
FROM {catalog}.operations
WHERE token = %s AND namespace = %s;
