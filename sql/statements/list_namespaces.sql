-- list_namespaces: a page of names after a position
--
-- The order is that of object keys ("<name>-table/"), which the listing index has.
SELECT name
FROM {catalog}.namespaces
WHERE name || '-table/' > %s COLLATE "C"
  AND starts_with(name, %s)
ORDER BY name || '-table/'
LIMIT {limit};
