-- configure_namespace: what the owner configures; settings that are not named stay as they are
UPDATE {catalog}.namespaces
SET settings = settings || {settings},
    config = {config},
    closed = coalesce({closed}, closed),
    version = nextval('{catalog}.versions')
WHERE id = {namespace};
