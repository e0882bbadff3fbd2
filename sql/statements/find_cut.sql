-- find_cut: the write number that ends a range after so many documents
SELECT seq FROM {table} WHERE seq > {low} AND seq <= {high} ORDER BY seq OFFSET {rows} LIMIT 1;
