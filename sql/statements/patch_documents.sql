-- patch_documents: attributes of documents by id, each with values to set and names to remove
UPDATE {table} AS document
SET attributes = (document.attributes || patch.given) - patch.removed
FROM (
    SELECT id, given::jsonb AS given,
           ARRAY(SELECT jsonb_array_elements_text(removed::jsonb)) AS removed
    FROM unnest({ids}, {given}::text[], {removed}::text[]) AS sent (id, given, removed)
    ORDER BY id
) AS patch
WHERE document.id = patch.id{returning};
