-- create_admin: the administrator, unless there is one
INSERT INTO {catalog}.admins (password_hash)
VALUES (%s)
ON CONFLICT DO NOTHING
RETURNING generation;
