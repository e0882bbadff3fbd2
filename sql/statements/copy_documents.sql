-- copy_documents: all documents of one table into another, in write order
INSERT INTO {table} (id, attributes{columns})
SELECT id, attributes{columns}
FROM {source}
ORDER BY seq;
