-- find_admin: the administrator, if there is one
SELECT password_hash, generation
FROM {catalog}.admins;
