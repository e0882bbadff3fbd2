-- replace_namespace: the catalog's row of a namespace whose documents are others now
--
-- The row stays, and with it the aliases. Every process reads it and the list of segments again.
UPDATE {catalog}.namespaces
SET id_type = %s,
    vectors = %s,
    attributes = %s,
    settings = %s,
    config = %s,
    layout = DEFAULT,
    version = nextval('{catalog}.versions'),
    index_version = nextval('{catalog}.versions'),
    updated_at = now(),
    written_at = now()
WHERE id = %s;
