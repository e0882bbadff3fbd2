-- rotate_api_key: another secret for the same key
UPDATE {catalog}.api_keys
SET digest = %s, prefix = %s
WHERE id = %s
RETURNING {key};
