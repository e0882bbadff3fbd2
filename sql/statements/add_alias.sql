-- add_alias: a second name for a namespace
INSERT INTO {catalog}.aliases (alias, namespace_id) VALUES (%s, %s);
