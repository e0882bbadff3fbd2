-- delete_documents: documents by id
DELETE FROM {table} WHERE id = ANY ({ids}){returning};
