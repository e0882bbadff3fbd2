-- index_unlock: let others make indexes on the namespace's attributes
SELECT pg_advisory_unlock(hashtextextended(%s, 3));
