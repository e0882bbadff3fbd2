-- fill_segment: vectors into a segment made in this transaction; frozen, so that it needs no vacuum
COPY {segment} (id, seq, v) FROM STDIN (FORMAT BINARY, FREEZE);
