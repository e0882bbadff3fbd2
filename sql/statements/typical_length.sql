-- typical_length: the length of a vector in the middle, from some of a range
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {length})
FROM (
    SELECT {column} FROM {table}
    WHERE seq > {low} AND seq <= {high} AND {column} IS NOT NULL
    ORDER BY seq LIMIT {rows}
) AS looked_at;
