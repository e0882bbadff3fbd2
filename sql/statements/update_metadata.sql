-- update_metadata: what a namespace's owner sets; a new version, so that all processes learn of it
UPDATE {catalog}.namespaces
SET read_only = coalesce({read_only}, read_only),
    pinning = CASE WHEN {keeps_pinning} THEN pinning ELSE {pinning} END,
    version = nextval('{catalog}.versions')
WHERE name = {namespace};

