-- add_snapshot_chunk: a piece of the file of a snapshot
INSERT INTO {catalog}.snapshot_chunks (snapshot_id, position, data)
VALUES (%s, %s, %s);
