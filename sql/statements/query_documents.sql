-- query_documents: what was found, with what is asked of each document
--
--   hits   a query of ids and distances, best first, at most k
--   join   the table again, only when columns of it are asked for: carried through the sort of the
--          inner query, every document would be copied, not only the k best
--
-- version and size are sub-selects without outer references: evaluated once, in the same snapshot.
SELECT hit.id, hit.distance, {version} AS version, {size} AS size{columns}
FROM (SELECT found.*, row_number() OVER () AS position FROM ({hits}) AS found) AS hit{join}
ORDER BY hit.position;
