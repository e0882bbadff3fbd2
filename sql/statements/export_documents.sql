-- export_documents: a page of documents in write order
SELECT document.id, document.seq, {version} AS version, {size} AS size{columns}
FROM {table} AS document
WHERE document.seq > {position}
ORDER BY document.seq
LIMIT {limit};
