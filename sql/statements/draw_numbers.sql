-- draw_numbers: the next numbers in write order, for documents about to be written
SELECT {catalog}.next_seq({sequence_name}) FROM generate_series(1, {count});
