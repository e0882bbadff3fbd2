-- list_aliases: every alias with the namespace that it stands for
SELECT alias, name
FROM {catalog}.aliases
JOIN {catalog}.namespaces ON namespaces.id = aliases.namespace_id
ORDER BY alias;
