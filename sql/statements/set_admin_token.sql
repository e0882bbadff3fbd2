-- set_admin_token: the one token with which an administrator may be created
UPDATE {catalog}.auth_settings
SET admin_token = %s, admin_token_expires_at = now() + make_interval(secs => %s);
