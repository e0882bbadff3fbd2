-- use_api_key: when the key was last used, noted once a minute
UPDATE {catalog}.api_keys
SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');
