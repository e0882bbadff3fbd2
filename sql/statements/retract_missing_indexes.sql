-- retract_missing_indexes: indexes that are gone or invalid are to be built again
WITH retracted AS (
    UPDATE {catalog}.attribute_indexes AS made SET ready = false
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
         AS expected (namespace_id, kind, attribute, index_name)
    WHERE made.namespace_id = expected.namespace_id
      AND made.kind = expected.kind
      AND made.attribute = expected.attribute
      AND made.ready
      AND NOT EXISTS (
          SELECT FROM pg_index
          WHERE indexrelid = to_regclass(expected.index_name) AND indisvalid
      )
    RETURNING made.namespace_id
),
raised AS (
    UPDATE {catalog}.namespaces SET index_version = nextval('{catalog}.versions')
    WHERE id IN (SELECT namespace_id FROM retracted)
)
SELECT count(*) FROM retracted;
