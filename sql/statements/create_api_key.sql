-- create_api_key: a new key, unless the name is taken
INSERT INTO {catalog}.api_keys
    (name, description, digest, prefix, permissions, namespaces, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))
ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
RETURNING {key};
