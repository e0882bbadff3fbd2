-- find_index_state: the number that tells whether the lists below are still the ones known
SELECT index_version, to_regclass({list}) IS NOT NULL, {documents_file}
FROM {catalog}.namespaces
WHERE id = {namespace};
