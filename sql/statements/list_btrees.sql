-- list_btrees: a namespace's btrees on attributes, the least recently asked for first
SELECT kind, attribute, asked_at < now() - interval '1 day' AS idle
FROM {catalog}.attribute_indexes
WHERE namespace_id = %s AND ready AND kind <> 'membership'
ORDER BY asked_at;
