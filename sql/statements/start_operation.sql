-- start_operation: a copy that is about to begin; entries of a week ago go
WITH forgotten AS (
    DELETE FROM {catalog}.operations WHERE started_at < now() - interval '7 days'
)
INSERT INTO {catalog}.operations (token, namespace, source) VALUES (%s, %s, %s);
