-- change_password: another password, unless somebody else has just changed it
UPDATE {catalog}.admins
SET password_hash = %s, generation = gen_random_uuid(), changed_at = now()
WHERE generation = %s
RETURNING generation;
