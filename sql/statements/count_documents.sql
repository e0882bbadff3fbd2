-- count_documents: how many documents match a filter, up to a bound
SELECT count(*) FROM (SELECT FROM {table} WHERE {predicate} LIMIT {bound}) AS matching;
