-- 0006: who may use the service: keys, one administrator, and whether keys are asked for at all.
--
-- Secrets of keys are stored nowhere: digest is the SHA-256 of 256 random bits. The administrator's
-- password is an argon2 hash. What signs the administrator's tokens has to be known to all
-- processes and stands here in the clear, unless the server's settings have one: who can read this
-- schema is trusted as the administrator is.
--
-- A revoked key stays, for those who want to know what there was; its name is free again.
--
-- Locks: none that matter (new objects only).   Rollback: drop the three tables.

CREATE TABLE {catalog}.api_keys (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text        COLLATE "C" NOT NULL,
    description  text        NOT NULL DEFAULT '',
    digest       bytea       NOT NULL UNIQUE,
    prefix       text        NOT NULL,
    permissions  integer     NOT NULL,
    namespaces   text[]      COLLATE "C" NOT NULL DEFAULT '{{*}}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,

    CONSTRAINT digest_is_sha256 CHECK (octet_length(digest) = 32),
    CONSTRAINT permissions_are_known CHECK (permissions BETWEEN 1 AND 7),
    CONSTRAINT some_namespaces CHECK (cardinality(namespaces) > 0)
);

CREATE UNIQUE INDEX api_keys_name ON {catalog}.api_keys (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE {catalog}.api_keys IS
    'Keys of applications. To revoke one by hand: SET revoked_at = now(); it works within 2 seconds.';
COMMENT ON COLUMN {catalog}.api_keys.prefix IS 'How the secret begins, to recognize it by.';
COMMENT ON COLUMN {catalog}.api_keys.permissions IS 'Sum of 1 (read), 2 (write) and 4 (admin).';
COMMENT ON COLUMN {catalog}.api_keys.namespaces IS
    'Patterns of the namespaces that the key is for; * stands for any characters.';
COMMENT ON COLUMN {catalog}.api_keys.last_used_at IS 'Noted at most once a minute.';

CREATE TABLE {catalog}.admins (
    one           boolean     PRIMARY KEY DEFAULT true,
    password_hash text        NOT NULL,
    generation    uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT only_one CHECK (one)
);

COMMENT ON TABLE {catalog}.admins IS
    'The administrator. Who has lost the password deletes the row, and creates another one with a token of "vectable admin-token".';
COMMENT ON COLUMN {catalog}.admins.generation IS
    'Changes with the password; tokens of a login carry it and are worthless without it.';

CREATE TABLE {catalog}.auth_settings (
    one                    boolean PRIMARY KEY DEFAULT true,
    enabled                boolean NOT NULL DEFAULT false,
    token_secret           bytea,
    admin_token            bytea,
    admin_token_expires_at timestamptz,

    CONSTRAINT only_one CHECK (one)
);

INSERT INTO {catalog}.auth_settings DEFAULT VALUES;

COMMENT ON TABLE {catalog}.auth_settings IS 'One row: whether keys are asked for, and by what tokens are known.';
COMMENT ON COLUMN {catalog}.auth_settings.enabled IS
    'Keys are asked for. Servers with keys of their own, or beyond loopback, ask for them anyway.';
COMMENT ON COLUMN {catalog}.auth_settings.token_secret IS
    'Signs the tokens of logins; made when it is first needed.';
COMMENT ON COLUMN {catalog}.auth_settings.admin_token IS
    'SHA-256 of the token with which an administrator may be created, once.';
