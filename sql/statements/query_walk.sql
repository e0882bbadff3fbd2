-- query_walk: the nearest documents among the candidates of all segments and the unsealed ones
--
-- found counts the candidates that the segments gave, before the best are chosen: few of them mean
-- that what matches lies far from the query.
SELECT id, distance, count(*) FILTER (WHERE walked) OVER () AS found
FROM ({branches}) AS candidates
ORDER BY distance, id
LIMIT {limit}
