-- Which namespaces are there, what do they hold, and how large are they?
--
-- psql "$DATABASE_URL" -f sql/inspect/namespaces.sql
-- (with another VECTABLE_SCHEMA, replace "vectable" below)
--
-- documents is the planner's estimate; an exact count is SELECT count(*) FROM vectable."<table>".
SELECT n.name                                                    AS namespace,
       coalesce(c.oid::regclass::text, 'is gone')                AS "table",
       n.id_type,
       (SELECT string_agg(format('%s(%s, %s)', v ->> 'name', v ->> 'dimensions',
                                 coalesce(v ->> 'metric', 'no metric yet')), ', ')
        FROM jsonb_array_elements(n.vectors) AS v)               AS vectors,
       (SELECT count(*) FROM jsonb_object_keys(n.attributes))    AS attributes,
       greatest(c.reltuples, 0)::bigint                          AS documents,
       pg_size_pretty(pg_table_size(c.oid))                      AS data,
       pg_size_pretty(pg_indexes_size(c.oid))                    AS indexes,
       n.created_at::timestamp(0)                                AS created
FROM vectable_catalog.namespaces n
LEFT JOIN pg_class c
       ON c.relname = n.table_name AND c.relnamespace = 'vectable'::regnamespace
ORDER BY pg_total_relation_size(c.oid) DESC NULLS LAST;
