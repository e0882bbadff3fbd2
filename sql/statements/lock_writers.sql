-- lock_writers: wait for the writers of a table, and keep others out until the commit; readers go on
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
