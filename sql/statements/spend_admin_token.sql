-- spend_admin_token: the token is gone with its first use
UPDATE {catalog}.auth_settings
SET admin_token = NULL, admin_token_expires_at = NULL
WHERE admin_token = %s AND admin_token_expires_at > now()
RETURNING one;
