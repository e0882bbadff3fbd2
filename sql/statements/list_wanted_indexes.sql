-- list_wanted_indexes: what was asked for and can be built now, the longest waiting first
--
-- A btree of a namespace that has as many as it may have waits until one of them was not asked for
-- in a day.
WITH btrees AS (
    SELECT namespace_id, count(*) AS ready, min(asked_at) AS least_recently
    FROM {catalog}.attribute_indexes
    WHERE ready AND kind <> 'membership'
    GROUP BY namespace_id
)
SELECT namespace.id, namespace.table_name, wanted.kind, wanted.attribute
FROM {catalog}.attribute_indexes AS wanted
JOIN {catalog}.namespaces AS namespace ON namespace.id = wanted.namespace_id
LEFT JOIN btrees ON btrees.namespace_id = wanted.namespace_id
WHERE NOT wanted.ready
  AND (wanted.kind = 'membership'
       OR coalesce(btrees.ready, 0) < {most}
       OR btrees.least_recently < now() - interval '1 day')
ORDER BY wanted.asked_at, wanted.kind, wanted.attribute;
