-- Which tables hold many dead rows, and when were they last vacuumed and analysed?
--
-- psql "$DATABASE_URL" -f sql/inspect/churn.sql
SELECT t.relname                                AS "table",
       t.n_live_tup                             AS live_rows,
       t.n_dead_tup                             AS dead_rows,
       t.n_tup_ins                              AS inserted,
       t.n_tup_upd                              AS updated,
       t.n_tup_del                              AS deleted,
       greatest(t.last_vacuum, t.last_autovacuum)::timestamp(0)   AS vacuumed,
       greatest(t.last_analyze, t.last_autoanalyze)::timestamp(0) AS analysed
FROM pg_stat_user_tables t
WHERE t.schemaname = 'vectable'
ORDER BY t.n_dead_tup DESC;
