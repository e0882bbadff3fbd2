-- recount_segment: how many rows of a segment are still current
UPDATE {segments}.segments SET live = least(rows, %s), counted_at = now()
WHERE table_name = %s;
