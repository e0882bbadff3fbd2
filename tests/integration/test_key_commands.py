"""``vectable keys`` and ``vectable admin-token``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from service.__main__ import commands
from service.core.errors import ServiceError
from service.key_commands import seconds
from tests.guarded import PASSWORD, Guarded, guarded_schema, login


@pytest.fixture(scope="module")
def schema(database_url: str) -> Iterator[Guarded]:
    with guarded_schema(database_url) as guarded:
        yield guarded


@pytest.fixture
def site(schema: Guarded, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    schema.reset()
    monkeypatch.setenv("DATABASE_URL", schema.url)
    monkeypatch.setenv("VECTABLE_SCHEMA", schema.schema)
    return schema


def vectable(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


CREATE = ("keys", "create", "--name", "ci", "--permissions", "read,write")


def test_a_key_is_created_and_its_secret_alone_is_on_stdout(site: Guarded):
    result = vectable(
        *CREATE, "--namespaces", "team-*", "--namespaces", "shared", "--expires", "2d"
    )

    assert result.exit_code == 0
    secret = result.stdout.strip()
    key = site.engine().keys.authenticate(secret)
    assert key is not None
    assert (key.name, key.permission, key.namespaces) == ("ci", "read,write", ("team-*", "shared"))
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).total_seconds() == 2 * 86_400
    assert "read,write on team-*, shared" in result.stderr
    assert secret not in result.stderr


def test_keys_are_listed_without_their_secrets(site: Guarded):
    secret = vectable(*CREATE).stdout.strip()
    vectable("keys", "create", "--name", "old", "--permissions", "admin", "--expires", "0s")

    listed = vectable("keys", "list").stdout.splitlines()

    assert [re.split(r"\s{2,}", line)[0] for line in listed] == ["name", "ci", "old"]
    assert secret[:11] in listed[1]
    assert secret not in "\n".join(listed)
    assert "expired" in listed[2]


def test_a_key_is_rotated_and_revoked_by_its_name(site: Guarded):
    first = vectable(*CREATE).stdout.strip()
    second = vectable("keys", "rotate", "ci").stdout.strip()

    assert site.engine().keys.authenticate(first) is None
    assert site.engine().keys.authenticate(second) is not None
    assert vectable("keys", "revoke", "ci").exit_code == 0
    assert site.engine().keys.authenticate(second) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*CREATE,), "'ci' already"),
        (("keys", "rotate", "nobody"), "no key with the name 'nobody'"),
        (("keys", "revoke", "nobody"), "no key with the name 'nobody'"),
        (("keys", "create", "--name", "x", "--permissions", "all"), "Invalid permission: 'all'"),
        (("keys", "create", "--name", "", "--permissions", "read"), "name has 1 to"),
        ((*CREATE, "--expires", "soon"), "not 'soon'"),
        ((*CREATE, "--namespaces", ""), "pattern has 1 to"),
    ],
)
def test_what_is_wrong_is_said(site: Guarded, arguments: tuple[str, ...], message: str):
    vectable(*CREATE)

    result = vectable(*arguments)

    assert isinstance(result.exception, ServiceError)
    assert message in result.exception.message
    assert len(site.engine().keys.list_all()) == 1


@pytest.mark.parametrize(
    ("text", "expected"), [("45s", 45), ("90m", 5400), ("12h", 43_200), (" 30d ", 2_592_000)]
)
def test_times_are_read(text: str, expected: int):
    assert seconds(text) == expected


def test_the_printed_token_makes_an_administrator_anywhere(site: Guarded):
    token = vectable("admin-token").stdout.strip()
    app = site.app(host="0.0.0.0")

    answer = app.test_client().post(
        "/auth/admin", json={"password": PASSWORD}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.get_json() == {"status": "success", "message": "User registered successfully"}
    assert login(app).count(".") == 2
