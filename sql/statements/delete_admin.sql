-- delete_admin: nobody is the administrator any more
DELETE FROM {catalog}.admins
RETURNING generation;
