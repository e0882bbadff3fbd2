-- export_documents: a page of documents in write order
--
-- The page ends after {limit} documents, or when those before have {budget} bytes of attributes as
-- they are stored: their sizes are known without reading what lies out of line. last tells whether
-- another page follows.
WITH candidates AS MATERIALIZED (
    SELECT seq,
           row_number() OVER (ORDER BY seq) AS place,
           sum(pg_column_size(attributes)) OVER (ORDER BY seq) - pg_column_size(attributes) AS before
    FROM (
        SELECT seq, attributes FROM {table} WHERE seq > {position} ORDER BY seq LIMIT {probe}
    ) AS following
),
page AS MATERIALIZED (
    SELECT max(seq) FILTER (WHERE place <= {limit} AND before < {budget}) AS stop,
           max(seq) AS last
    FROM candidates
)
SELECT document.id, document.seq, {version} AS version, page.last{columns}
FROM page
JOIN {table} AS document ON document.seq > {position} AND document.seq <= page.stop
ORDER BY document.seq;
