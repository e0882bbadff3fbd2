-- record_migration: remember that a migration was applied
INSERT INTO {catalog}.migrations (name) VALUES (%s);
