-- create_segments: the schema of what is derived from the tables, with its lists and its view
--
-- Made by the indexer, and anew whenever somebody has dropped the schema.
CREATE SCHEMA IF NOT EXISTS {segments};
COMMENT ON SCHEMA {segments} IS 'Vectable: derived from the tables; leave it out of backups.';

-- documents is the table's file: after a restore, a TRUNCATE or a rewrite it is another one, and
-- lists made for the old one count no more.
CREATE TABLE IF NOT EXISTS {segments}.segments (
    table_name    text        COLLATE "C" PRIMARY KEY,
    namespace_id  bigint      NOT NULL,
    documents     oid         NOT NULL,
    field         text        COLLATE "C" NOT NULL,
    low           bigint      NOT NULL,
    high          bigint      NOT NULL,
    rows          bigint      NOT NULL,
    live          bigint      NOT NULL,
    remainder     bigint      NOT NULL,
    kind          text        NOT NULL,
    metric        text        NOT NULL,
    scale         real        NOT NULL,
    ef_search     integer     NOT NULL,
    recall        real,
    built_at      timestamptz NOT NULL DEFAULT now(),
    build_time    interval    NOT NULL,
    counted_at    timestamptz NOT NULL DEFAULT now(),
    retired_at    timestamptz,

    CONSTRAINT range_is_not_empty CHECK (low < high)
);
CREATE INDEX IF NOT EXISTS segments_by_namespace ON {segments}.segments (namespace_id);
COMMENT ON TABLE {segments}.segments IS
    'Each row: a table of vectors with an HNSW index, for the documents with low < seq <= high.';
COMMENT ON COLUMN {segments}.segments.live IS 'Of its rows, those still current when last counted.';
COMMENT ON COLUMN {segments}.segments.remainder IS 'Rows that the index cannot hold; scanned.';
COMMENT ON COLUMN {segments}.segments.recall IS 'Found at ef_search in a sample when it was built.';
COMMENT ON COLUMN {segments}.segments.retired_at IS 'Replaced then; dropped when no query uses it.';

CREATE TABLE IF NOT EXISTS {segments}.samples (
    namespace_id  bigint      PRIMARY KEY,
    documents     oid         NOT NULL,
    table_name    text        COLLATE "C" NOT NULL,
    rows          integer     NOT NULL,
    size          bigint      NOT NULL,
    drawn_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE {segments}.samples IS
    'Tables with the attributes of some documents, for estimates of how many match a filter.';

CREATE OR REPLACE VIEW {segments}.state AS
SELECT n.name                                                   AS namespace,
       f.field,
       coalesce(s.segments, 0)                                  AS segments,
       coalesce(s.rows, 0)                                      AS rows,
       coalesce(s.remainder, 0)                                 AS remainder,
       1 - s.live::float8 / nullif(s.rows, 0)                   AS superseded_share,
       s.ranges,
       s.sealed_to,
       greatest(coalesce(pg_sequence_last_value(q.sequence), 0) - coalesce(s.sealed_to, 0), 0)
                                                                AS tail_rows,
       coalesce(s.bytes, 0)                                     AS bytes,
       b.building,
       b.progress
FROM {catalog}.namespaces n
CROSS JOIN LATERAL (
    SELECT v ->> 'name' AS field FROM jsonb_array_elements(n.vectors) AS v
) AS f
CROSS JOIN LATERAL (
    SELECT CASE WHEN to_regclass(format('%I.%I', {documents_name}, n.table_name)) IS NOT NULL THEN
        pg_get_serial_sequence(format('%I.%I', {documents_name}, n.table_name), 'seq')::regclass
    END AS sequence
) AS q
LEFT JOIN LATERAL (
    SELECT count(*)::integer AS segments, sum(rows)::bigint AS rows, sum(live)::bigint AS live,
           sum(remainder)::bigint AS remainder, max(high) AS sealed_to,
           array_agg(int8range(low, high, '(]') ORDER BY low) AS ranges,
           sum(pg_total_relation_size(
               to_regclass(format('%I.%I', {segments_name}, table_name))))::bigint AS bytes
    FROM {segments}.segments
    WHERE namespace_id = n.id AND field = f.field AND retired_at IS NULL
) AS s ON true
LEFT JOIN LATERAL (
    SELECT coalesce(i.phase, 'copying vectors') AS building,
           coalesce(i.tuples_done::float8 / nullif(i.tuples_total, 0), 0) AS progress
    FROM pg_stat_activity a
    LEFT JOIN pg_stat_progress_create_index i USING (pid)
    WHERE a.application_name = 'vectable build ' || n.id
      AND a.datname = current_database()
      AND a.state <> 'idle'
    ORDER BY a.xact_start LIMIT 1
) AS b ON true;
COMMENT ON VIEW {segments}.state IS
    'One row for each vector column: its segments, what is not sealed yet, and a running build. '
    'tail_rows counts write numbers: it overstates where documents were written again.';
