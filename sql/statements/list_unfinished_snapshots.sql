-- list_unfinished_snapshots: snapshots of a namespace that are being made or removed, or were
SELECT name, namespace, created_at, coalesce(size, 0), coalesce(checksum, ''), id
FROM {catalog}.snapshots
WHERE namespace = %s
  AND kept_in = %s
  AND state <> 'ready';
