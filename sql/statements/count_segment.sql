-- count_segment: the rows of a segment, and those that its index cannot hold
SELECT count(*), count(*) FILTER (WHERE v IS NULL) FROM {segment};
