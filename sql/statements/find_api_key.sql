-- find_api_key: the key with this digest
SELECT {key}
FROM {catalog}.api_keys
WHERE digest = %s AND revoked_at IS NULL;
