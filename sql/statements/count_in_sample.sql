-- count_in_sample: how many documents of a sample match a filter
SELECT count(*) FROM {sample} WHERE {predicate};
