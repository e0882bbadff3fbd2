-- record_segment: a segment into the list
INSERT INTO {segments}.segments (
    table_name, namespace_id, documents, field, low, high, rows, live, remainder,
    kind, metric, scale, ef_search, build_time
) VALUES (%s, %s, %s::oid, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp() - now());
