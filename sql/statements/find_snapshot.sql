-- find_snapshot: a whole snapshot by its name
SELECT name, namespace, created_at, size, checksum, id
FROM {catalog}.snapshots
WHERE name = %s
  AND kept_in = %s
  AND state = 'ready';
