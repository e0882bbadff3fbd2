-- list_snapshots: the whole snapshots of a namespace, the oldest first
SELECT name, namespace, created_at, size, checksum, id
FROM {catalog}.snapshots
WHERE namespace = %s
  AND kept_in = %s
  AND state = 'ready'
ORDER BY id;
