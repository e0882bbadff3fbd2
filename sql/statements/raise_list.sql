-- raise_list: tell all processes that a namespace's list has changed
UPDATE {catalog}.namespaces SET index_version = nextval('{catalog}.versions')
WHERE id = {namespace};
