-- finish_snapshot: a snapshot is whole and may be listed
UPDATE {catalog}.snapshots
SET state = 'ready',
    size = %s,
    checksum = %s
WHERE id = %s
  AND state = 'making';
