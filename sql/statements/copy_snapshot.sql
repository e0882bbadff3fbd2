-- copy_snapshot: all documents of a table as binary rows, in write order
COPY (
    SELECT id, attributes{columns} FROM {table}
    ORDER BY seq
) TO STDOUT (FORMAT BINARY);
