-- query_documents: what was found, with what is asked of each document
--
--   hits   a query of ids and distances, best first, at most k
--   offset how many of them are left out, when any
--   join   the table again, only when columns of it are asked for: carried through the sort of the
--          inner query, every document would be copied, not only the k best
--
-- state and size are of the same snapshot as the hits. Without hits one row says so, its id NULL.
SELECT hit.id, hit.distance, state.version, state.index_version, {documents_file} AS documents,
       hit.found, {size} AS size{columns}
FROM (SELECT version, index_version FROM {catalog}.namespaces WHERE name = {namespace}) AS state
LEFT JOIN (
    SELECT best.*, row_number() OVER () AS position FROM ({hits}) AS best{offset}
) AS hit ON true{join}
ORDER BY hit.position;
