-- forget_segment: a table that is dropped leaves the lists
WITH segment AS (DELETE FROM {segments}.segments WHERE table_name = {segment_name})
DELETE FROM {segments}.samples WHERE table_name = {segment_name};
