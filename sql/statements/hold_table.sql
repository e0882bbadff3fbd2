-- hold_table: keep a table from being dropped, replaced or altered until the commit; writers go on
LOCK TABLE {table} IN ACCESS SHARE MODE;
