-- query_shuffled: documents drawn at random, each as likely as any other
SELECT id, NULL::double precision AS distance, 0::bigint AS found
FROM {table}
WHERE {predicate}
ORDER BY random()
LIMIT {limit}
