-- start_snapshot: note that a snapshot is being made; no row: the name is taken
INSERT INTO {catalog}.snapshots (name, namespace, kept_in, created_at)
VALUES (%s, %s, %s, %s)
ON CONFLICT (name) DO NOTHING
RETURNING id;
