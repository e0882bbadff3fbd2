-- aggregate: the values of all groups, with the version and the size of the same snapshot
--
-- Without any group one row says so, its place NULL.
SELECT {version} AS version, {size} AS size, found.*
FROM (SELECT) AS state
LEFT JOIN (SELECT row_number() OVER () AS place, each.* FROM ({found}) AS each) AS found ON true
ORDER BY found.place;
