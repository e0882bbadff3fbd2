-- find_index: whether an index is whole, and whether a live process is at it; no row when there is none
SELECT indisvalid,
       EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = indexrelid)
FROM pg_index
WHERE indexrelid = to_regclass(%s);
