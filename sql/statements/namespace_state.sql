-- namespace_state: the version and the size, for answers that have no rows to carry them
SELECT {version} AS version, {size} AS size;
