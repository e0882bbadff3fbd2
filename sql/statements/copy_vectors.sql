-- copy_vectors: the vectors of some documents in the form of a segment
COPY (
    SELECT id, seq, {stored} FROM {table}
    WHERE seq > {low} AND seq <= {high} AND {column} IS NOT NULL
) TO STDOUT (FORMAT BINARY);
