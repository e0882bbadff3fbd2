-- forget_snapshot: a snapshot is gone
DELETE FROM {catalog}.snapshots
WHERE id = %s;
