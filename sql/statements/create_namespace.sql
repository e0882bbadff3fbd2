-- create_namespace: the catalog's row of a new namespace
INSERT INTO {catalog}.namespaces (name, table_name, id_type, vectors, attributes, version)
VALUES (%s, %s, %s, %s, %s, nextval('{catalog}.versions'))
RETURNING version, created_at, id;
