-- keep_token_secret: what signs tokens; the first that is given stays
UPDATE {catalog}.auth_settings
SET token_secret = coalesce(token_secret, %s)
RETURNING token_secret;
