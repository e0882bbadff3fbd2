-- drop_attributes: attributes out of every document that has one of them
UPDATE {table} SET attributes = attributes - {names}::text[] WHERE attributes ?| {names}::text[];
