-- index_segment: the index of a segment just filled, in the memory that its rows take
SET LOCAL maintenance_work_mem = {memory};
SET LOCAL max_parallel_maintenance_workers = {workers};
CREATE INDEX {index} ON {segment} USING hnsw (v {operator_class})
    WITH (m = {m}, ef_construction = {ef_construction});
