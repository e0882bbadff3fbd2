-- lock_api_key: the key with this number, which nobody else changes until the commit
SELECT {key}
FROM {catalog}.api_keys
WHERE id = %s AND revoked_at IS NULL
FOR UPDATE;
