-- Which attributes does each namespace have, of which type, and can they be filtered by?
--
-- psql "$DATABASE_URL" -f sql/inspect/attributes.sql
SELECT n.name                         AS namespace,
       a.key                          AS attribute,
       a.value ->> 'type'             AS type,
       (a.value ->> 'filterable')::boolean AS filterable,
       a.value ? 'full_text'          AS full_text
FROM vectable_catalog.namespaces n
CROSS JOIN LATERAL jsonb_each(n.attributes) AS a
ORDER BY n.name, a.key;
