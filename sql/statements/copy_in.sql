-- copy_in: documents as a stream of binary rows
COPY {table} (id, seq, attributes{columns}) FROM STDIN (FORMAT BINARY);
