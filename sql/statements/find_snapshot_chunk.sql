-- find_snapshot_chunk: a piece of the file of a snapshot
SELECT data
FROM {catalog}.snapshot_chunks
WHERE snapshot_id = %s
  AND position = %s;
