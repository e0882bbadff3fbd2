-- leave_snapshot: list a snapshot no longer, before its file is removed
UPDATE {catalog}.snapshots
SET state = 'leaving'
WHERE id = %s
  AND state = 'ready';
