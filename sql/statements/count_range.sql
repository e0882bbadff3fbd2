-- count_range: documents with a write number in a range, up to a bound
SELECT count(*) FROM (
    SELECT FROM {table} WHERE seq > {low} AND seq <= {high} LIMIT {bound}
) AS counted;
