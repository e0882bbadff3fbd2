-- ask_attribute_indexes: remember that filters would be served, or were, by these indexes
--
-- Nothing for a namespace that is gone. In one order, so that processes that ask do not deadlock.
INSERT INTO {catalog}.attribute_indexes (namespace_id, kind, attribute)
SELECT namespace.id, asked.kind, asked.attribute
FROM {catalog}.namespaces AS namespace,
     unnest(%s::text[], %s::text[]) AS asked (kind, attribute)
WHERE namespace.id = %s
ORDER BY asked.kind, asked.attribute
ON CONFLICT (namespace_id, kind, attribute) DO UPDATE SET asked_at = now();
