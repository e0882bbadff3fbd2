-- find_overlapping: a segment that already stands for some of these write numbers
SELECT table_name FROM {segments}.segments
WHERE namespace_id = %s AND documents = %s::oid AND field = %s
  AND retired_at IS NULL
  AND low < %s AND high > %s
  AND to_regclass(format('%%I.%%I', {segments_name}, table_name)) IS NOT NULL
LIMIT 1;
