-- stamp_write: when documents were last written
UPDATE {catalog}.namespaces SET written_at = now()
WHERE id = {namespace} AND (written_at IS NULL OR written_at < now());
