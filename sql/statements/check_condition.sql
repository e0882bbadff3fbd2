-- check_condition: which of the documents about to be written exist, and which meet a condition
--
-- They stay locked until the commit: also those who write with SQL wait.
SELECT document.id, ({condition}) IS TRUE AS met
FROM (
    SELECT id AS new_id, sent::jsonb AS new_attributes
    FROM unnest({ids}, {new}::text[]) AS sent (id, sent)
) AS new
JOIN {table} AS document ON document.id = new.new_id
FOR UPDATE OF document;
