-- find_alias: the namespace that an alias stands for
SELECT name
FROM {catalog}.aliases
JOIN {catalog}.namespaces ON namespaces.id = aliases.namespace_id
WHERE alias = %s;
