-- revoke_api_key: the end of a key
UPDATE {catalog}.api_keys
SET revoked_at = now()
WHERE id = %s AND revoked_at IS NULL
RETURNING id;
