-- load_snapshot: documents as binary rows into an empty table, numbered anew in their order
COPY {table} (id, attributes{columns}) FROM STDIN (FORMAT BINARY);
