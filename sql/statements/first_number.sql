-- first_number: the first number that a document has behind a position
SELECT min(seq) FROM {table} WHERE seq > {low};
