-- What is the service doing right now, and what does it wait for?
--
-- psql "$DATABASE_URL" -f sql/inspect/activity.sql
-- The first line of every statement names it: "-- query_documents: …".
SELECT a.pid,
       a.state,
       (now() - a.xact_start)::interval(3)           AS transaction,
       (now() - a.query_start)::interval(3)          AS statement,
       coalesce(a.wait_event_type || '/' || a.wait_event, '') AS waits_for,
       pg_blocking_pids(a.pid)                       AS blocked_by,
       split_part(a.query, E'\n', 1)                 AS query
FROM pg_stat_activity a
WHERE a.application_name = 'vectable'
  AND a.pid <> pg_backend_pid()
ORDER BY a.xact_start NULLS LAST;
