-- drop_table: a namespace's table with its sequence and indexes
DROP TABLE IF EXISTS {table};
