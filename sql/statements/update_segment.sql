-- update_segment: what a measurement showed of a segment
UPDATE {segments}.segments SET kind = %s, ef_search = %s, recall = %s
WHERE table_name = %s AND retired_at IS NULL;
