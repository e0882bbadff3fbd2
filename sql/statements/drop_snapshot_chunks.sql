-- drop_snapshot_chunks: the file of a snapshot, or what there is of it
DELETE FROM {catalog}.snapshot_chunks
WHERE snapshot_id = %s;
