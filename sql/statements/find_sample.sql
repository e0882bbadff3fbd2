-- find_sample: the sample of a namespace's attributes
SELECT table_name, rows, size
FROM {segments}.samples
WHERE namespace_id = {namespace}
  AND documents = pg_relation_filenode({table})
  AND to_regclass(format('%%I.%%I', {segments_name}, table_name)) IS NOT NULL;
