-- list_aliases_of: the aliases of one namespace
SELECT alias FROM {catalog}.aliases WHERE namespace_id = %s ORDER BY alias;
