-- list_api_keys: all keys that are not revoked
SELECT {key}
FROM {catalog}.api_keys
WHERE revoked_at IS NULL
ORDER BY id;
