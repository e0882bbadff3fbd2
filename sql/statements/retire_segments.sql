-- retire_segments: take segments out of the list; their tables stay for the queries under way
UPDATE {segments}.segments SET retired_at = now()
WHERE table_name = ANY (%s) AND retired_at IS NULL;
