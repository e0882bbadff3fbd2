"""What tests of keys share: services on a schema of their own, as several processes would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from flask import Flask

from service.app import create_app
from service.config import Config
from service.core.keys import IssuedKey, KeyRequest
from service.core.permissions import parse_permissions
from service.dialects.vectorai import passwords
from service.engine import Engine
from service.storage.migrations import migrate
from service.storage.pool import Database, open_database

PASSWORD = "MySecurePwd!1"
STATIC = "static-key-of-the-settings"
RESET = """
TRUNCATE "{0}_catalog".api_keys;
DELETE FROM "{0}_catalog".admins;
UPDATE "{0}_catalog".auth_settings
SET enabled = false, token_secret = NULL, admin_token = NULL, admin_token_expires_at = NULL;
"""


@dataclass(frozen=True)
class Guarded:
    """One schema; every engine and every application that is made here is a process of its own."""

    url: str
    schema: str
    database: Database

    def engine(self) -> Engine:
        return Engine(self.database)

    def app(self, **settings: Any) -> Flask:
        config = Config.from_env(database_url=self.url, schema=self.schema, **settings)
        return create_app(self.engine(), config)

    def run(self, statement: str, *values: Any) -> list[Any]:
        """A DBA's statement; ``{0}`` stands for the schema."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            text = statement.format(self.schema).encode()
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def reset(self) -> None:
        self.run(RESET)

    def switch_on(self) -> None:
        self.engine().administrator.set_enabled(True)

    def make_admin(self, password: str = PASSWORD) -> None:
        assert self.engine().administrator.create(passwords.hashed(password))

    def key(self, permissions: str, *namespaces: str, lifetime: int | None = None) -> IssuedKey:
        request = KeyRequest(
            name=f"key-{uuid4().hex[:8]}",
            permissions=parse_permissions(permissions),
            namespaces=namespaces or ("*",),
            lifetime=lifetime,
        )
        return self.engine().keys.create(request)


@contextmanager
def guarded_schema(url: str) -> Iterator[Guarded]:
    schema = f"guarded_{uuid4().hex[:12]}"
    migrate(url, schema)
    database = open_database(url, schema, connections=8, wait=5.0, statement_timeout=60.0)
    try:
        yield Guarded(url, schema, database)
    finally:
        database.close()


def login(app: Flask, password: str = PASSWORD) -> str:
    """A token of the administrator."""
    answer = app.test_client().post("/auth/admin/login", json={"password": password})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()["token"]
