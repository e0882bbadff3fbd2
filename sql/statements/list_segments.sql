-- list_segments: what is searched for one namespace; only of the present table, and only what exists
SELECT field, table_name, low, high, rows, live, remainder, kind, metric, scale, ef_search,
       recall IS NOT NULL AS measured
FROM {segments}.segments
WHERE namespace_id = {namespace}
  AND documents = pg_relation_filenode({table})
  AND retired_at IS NULL
  AND to_regclass(format('%%I.%%I', {segments_name}, table_name)) IS NOT NULL
ORDER BY field, low;
