-- Which index segments are there, how large, how current, and what is not indexed yet?
--
-- psql "$DATABASE_URL" -f sql/inspect/segments.sql
-- The schema is made by the indexer: without one there is nothing to ask.
SELECT namespace,
       field,
       segments,
       rows,
       remainder,
       round(100 * superseded_share::numeric, 1) AS superseded_percent,
       tail_rows,
       pg_size_pretty(bytes)                     AS size,
       building,
       round(100 * progress::numeric)            AS progress_percent
FROM vectable_segments.state
ORDER BY tail_rows DESC, bytes DESC;
