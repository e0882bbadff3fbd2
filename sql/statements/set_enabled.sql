-- set_enabled: whether keys are asked for
UPDATE {catalog}.auth_settings SET enabled = %s;
