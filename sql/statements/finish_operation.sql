-- finish_operation: how a copy ended
UPDATE {catalog}.operations
SET finished_at = clock_timestamp(), documents = %s, failure = %s
WHERE token = %s AND finished_at IS NULL;
