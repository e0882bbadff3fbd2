-- find_administration: what every request is judged by
SELECT enabled, token_secret, (SELECT generation FROM {catalog}.admins)
FROM {catalog}.auth_settings;
