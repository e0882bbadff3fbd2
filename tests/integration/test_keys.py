"""Keys and the administrator in the database, as one process and others see them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from uuid import uuid4

import pytest
from psycopg.conninfo import make_conninfo

from service.core.errors import Forbidden, InvalidRequest, NotFound, ServiceError, Unavailable
from service.core.keys import ApiKey, KeyExpired, KeyNameTaken, KeyRequest, NoSuchKey
from service.core.permissions import Permission
from service.engine import Engine, remembering
from service.engine import keys as engine_keys
from service.engine.keys import Keys
from service.storage.pool import open_database
from tests.guarded import Guarded, guarded_schema

READ_WRITE = Permission.READ | Permission.WRITE
REQUEST = KeyRequest("ci", READ_WRITE, "for the build", ("team-*", "shared"), lifetime=3600)


@pytest.fixture(scope="module")
def schema(database_url: str) -> Iterator[Guarded]:
    with guarded_schema(database_url) as guarded:
        yield guarded


@pytest.fixture
def site(schema: Guarded) -> Guarded:
    schema.reset()
    return schema


@pytest.fixture
def here(site: Guarded) -> Engine:
    return site.engine()


@pytest.fixture
def elsewhere(site: Guarded) -> Engine:
    """Another process."""
    return site.engine()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which things are remembered."""
    clock = Clock()
    monkeypatch.setattr(remembering, "monotonic", clock)
    monkeypatch.setattr(engine_keys, "monotonic", clock)
    return clock


def known(keys: Keys, secret: str) -> bool:
    key = keys.authenticate(secret)
    return key is not None and not key.expired


def test_a_key_is_created_and_recognized(here: Engine, elsewhere: Engine):
    issued = here.keys.create(REQUEST)

    found = cast(ApiKey, elsewhere.keys.authenticate(issued.secret))
    assert found == issued.key
    assert (found.name, found.description) == ("ci", "for the build")
    assert found.permission == "read,write"
    assert found.namespaces == ("team-*", "shared")
    assert found.expires_at is not None
    assert (found.expires_at - found.created_at).total_seconds() == 3600
    assert issued.secret.startswith(found.prefix)
    assert found.grant.covers("team-a")


def test_no_secret_is_stored(site: Guarded, here: Engine):
    issued = here.keys.create(REQUEST)
    token = here.administrator.issue_token()

    ((stored,),) = site.run(
        """SELECT concat_ws(' ', (SELECT string_agg(k::text, ' ') FROM "{0}_catalog".api_keys k),
                            (SELECT s::text FROM "{0}_catalog".auth_settings s))"""
    )
    assert issued.key.prefix in stored
    for secret in (issued.secret, token):
        assert secret not in stored
        assert secret.split("_", 1)[1] not in stored
        assert secret.encode().hex() not in stored


def test_every_secret_is_another(here: Engine):
    secrets = {here.keys.create(KeyRequest(f"key {n}", Permission.READ)).secret for n in range(20)}

    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {5 + 43}


@pytest.mark.parametrize("secret", ["", "vdai_", "x" * 48, "vdai_" + "a" * 43, "vdai_" + "ÿ" * 43])
def test_no_other_secret_is_recognized(here: Engine, secret: str):
    here.keys.create(REQUEST)

    assert here.keys.authenticate(secret) is None


def test_names_are_unique_until_they_are_free_again(here: Engine):
    first = here.keys.create(REQUEST)
    with pytest.raises(KeyNameTaken, match="'ci'"):
        here.keys.create(REQUEST)

    here.keys.revoke(first.key.id)
    second = here.keys.create(REQUEST)

    assert second.key.id > first.key.id
    assert [key.name for key in here.keys.list_all()] == ["ci"]


def test_of_many_with_the_same_name_one_is_created(site: Guarded):
    def attempt(_: int) -> bool:
        try:
            site.engine().keys.create(REQUEST)
        except KeyNameTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))

    assert outcomes.count(True) == 1
    assert len(site.engine().keys.list_all()) == 1


def test_what_no_key_can_be_is_not_stored(here: Engine):
    with pytest.raises(InvalidRequest):
        here.keys.create(KeyRequest("", Permission.READ))

    assert here.keys.list_all() == ()


def test_a_rotated_secret_is_dead_at_once_here_and_soon_elsewhere(
    here: Engine, elsewhere: Engine, clock: Clock
):
    issued = here.keys.create(REQUEST)
    assert known(here.keys, issued.secret)
    assert known(elsewhere.keys, issued.secret)

    rotated = here.keys.rotate(issued.key.id)

    assert not known(here.keys, issued.secret)
    assert known(here.keys, rotated.secret)
    assert known(elsewhere.keys, rotated.secret)
    clock.now += 2
    assert not known(elsewhere.keys, issued.secret)
    assert known(elsewhere.keys, rotated.secret)


def test_rotation_changes_the_secret_and_nothing_else(site: Guarded, here: Engine):
    issued = here.keys.create(REQUEST)

    rotated = here.keys.rotate(issued.key.id)

    before, after = issued.key, rotated.key
    assert after.id == before.id
    assert after.prefix != before.prefix
    assert (after.name, after.description, after.permissions, after.namespaces) == (
        before.name,
        before.description,
        before.permissions,
        before.namespaces,
    )
    assert (after.created_at, after.expires_at) == (before.created_at, before.expires_at)
    assert site.run('SELECT count(*) FROM "{0}_catalog".api_keys') == [(1,)]


def test_a_revoked_key_is_dead_at_once_here_and_soon_elsewhere(
    here: Engine, elsewhere: Engine, clock: Clock
):
    issued = here.keys.create(REQUEST)
    assert known(here.keys, issued.secret)
    assert known(elsewhere.keys, issued.secret)

    here.keys.revoke(issued.key.id)

    assert not known(here.keys, issued.secret)
    clock.now += 2
    assert not known(elsewhere.keys, issued.secret)
    assert here.keys.list_all() == ()


def test_what_a_dba_revokes_is_dead_soon(site: Guarded, here: Engine, clock: Clock):
    issued = here.keys.create(REQUEST)
    assert known(here.keys, issued.secret)

    site.run('UPDATE "{0}_catalog".api_keys SET revoked_at = now()')
    clock.now += 2

    assert not known(here.keys, issued.secret)


def test_a_key_expires(site: Guarded, here: Engine, clock: Clock):
    issued = here.keys.create(REQUEST)
    assert known(here.keys, issued.secret)

    site.run("""UPDATE "{0}_catalog".api_keys SET expires_at = now() - interval '1 second'""")
    clock.now += 2

    assert not known(here.keys, issued.secret)
    (listed,) = here.keys.list_all()
    assert listed.expired
    with pytest.raises(KeyExpired):
        here.keys.rotate(issued.key.id)


def test_a_key_may_expire_as_it_is_made(here: Engine):
    issued = here.keys.create(KeyRequest("brief", Permission.READ, lifetime=0))

    assert issued.key.will_expire
    assert not known(here.keys, issued.secret)


def test_a_key_without_a_lifetime_does_not_expire(here: Engine):
    issued = here.keys.create(KeyRequest("long", Permission.READ))

    assert not issued.key.will_expire
    assert known(here.keys, issued.secret)


def test_a_key_that_is_not_there_is_not_found(here: Engine):
    for number in (0, 1, -1, 10**18):
        with pytest.raises(NoSuchKey):
            here.keys.revoke(number)
        with pytest.raises(NoSuchKey):
            here.keys.rotate(number)
    revoked = here.keys.create(REQUEST).key
    here.keys.revoke(revoked.id)
    with pytest.raises(NoSuchKey):
        here.keys.revoke(revoked.id)
    with pytest.raises(NoSuchKey):
        here.keys.rotate(revoked.id)
    with pytest.raises(NotFound, match="'ci'"):
        here.keys.named("ci")


def test_a_key_is_looked_up_once_a_second(site: Guarded, here: Engine, clock: Clock):
    issued = here.keys.create(REQUEST)
    asked = 0
    genuine = site.database.session

    def counted():
        nonlocal asked
        asked += 1
        return genuine()

    assert known(here.keys, issued.secret)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site.database, "session", counted)
        for _ in range(100):
            known(here.keys, issued.secret)
        assert asked == 0
        clock.now += 1.5
        for _ in range(100):
            known(here.keys, issued.secret)
        assert asked == 1


def used(engine: Engine) -> object:
    (key,) = engine.keys.list_all()
    return key.last_used_at


def test_the_last_use_is_noted_at_most_once_a_minute(
    site: Guarded, here: Engine, elsewhere: Engine, clock: Clock
):
    issued = here.keys.create(REQUEST)
    assert used(here) is None

    known(here.keys, issued.secret)
    first = used(here)
    clock.now += 59
    known(here.keys, issued.secret)
    known(elsewhere.keys, issued.secret)
    assert first is not None
    assert used(here) == first

    site.run("""UPDATE "{0}_catalog".api_keys SET last_used_at = now() - interval '2 minutes'""")
    clock.now += 2
    known(here.keys, issued.secret)
    assert used(here) > first  # pyright: ignore[reportOperatorIssue]


def test_a_wrong_or_expired_key_is_not_noted_as_used(site: Guarded, here: Engine):
    issued = here.keys.create(KeyRequest("brief", Permission.READ, lifetime=0))

    known(here.keys, issued.secret)

    assert used(here) is None


def test_keys_are_recognized_where_nothing_can_be_written(site: Guarded):
    issued = site.engine().keys.create(REQUEST)
    url = make_conninfo(site.url, options="-c default_transaction_read_only=on")
    standby = open_database(url, site.schema, connections=2, wait=5.0, statement_timeout=60.0)
    try:
        engine = Engine(standby)
        assert known(engine.keys, issued.secret)
        assert used(engine) is None
        with pytest.raises(Unavailable):
            engine.keys.revoke(issued.key.id)
    finally:
        standby.close()


def test_the_switch_is_known_at_once_here_and_soon_elsewhere(
    here: Engine, elsewhere: Engine, clock: Clock
):
    assert not here.administrator.enabled()
    assert not elsewhere.administrator.enabled()

    here.administrator.set_enabled(True)

    assert here.administrator.enabled()
    clock.now += 2
    assert elsewhere.administrator.enabled()


def test_there_is_one_administrator(site: Guarded):
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(
            threads.map(lambda n: site.engine().administrator.create(f"hash {n}"), range(16))
        )

    assert outcomes.count(True) == 1
    assert site.run('SELECT count(*) FROM "{0}_catalog".admins') == [(1,)]


def test_another_password_is_another_generation(here: Engine, elsewhere: Engine, clock: Clock):
    here.administrator.create("one")
    first = here.administrator.find()
    assert first is not None
    assert here.administrator.is_current(first.generation)
    assert elsewhere.administrator.is_current(first.generation)

    assert here.administrator.change_password(first, "two")

    second = here.administrator.find()
    assert second is not None
    assert second.password_hash == "two"
    assert not here.administrator.is_current(first.generation)
    assert here.administrator.is_current(second.generation)
    clock.now += 2
    assert not elsewhere.administrator.is_current(first.generation)
    # who still has the first one in hand comes too late
    assert not here.administrator.change_password(first, "three")


def test_a_deleted_administrator_is_nobody(here: Engine):
    here.administrator.create("one")
    admin = here.administrator.find()
    assert admin is not None

    assert here.administrator.delete()
    assert not here.administrator.delete()

    assert here.administrator.find() is None
    assert not here.administrator.is_current(admin.generation)
    here.administrator.create("one")
    assert not here.administrator.is_current(admin.generation)


def test_all_processes_sign_with_the_same_secret(site: Guarded):
    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: site.engine().administrator.token_secret(), range(16)))

    assert len(secrets) == 1
    assert len(secrets.pop()) == 32


def test_a_token_creates_one_administrator(here: Engine):
    token = here.administrator.issue_token()

    assert here.administrator.create_with_token("one", token)
    assert here.administrator.delete()
    with pytest.raises(Forbidden, match="admin-token"):
        here.administrator.create_with_token("two", token)


def test_a_token_is_not_used_up_where_there_is_an_administrator(here: Engine):
    token = here.administrator.issue_token()
    here.administrator.create("one")

    assert not here.administrator.create_with_token("two", token)
    here.administrator.delete()
    assert here.administrator.create_with_token("two", token)


def test_tokens_that_are_old_or_replaced_are_worthless(site: Guarded, here: Engine):
    replaced = here.administrator.issue_token()
    old = here.administrator.issue_token()
    site.run('UPDATE "{0}_catalog".auth_settings SET admin_token_expires_at = now()')

    for token in (replaced, old, "", "vdadmin_" + "x" * 43):
        with pytest.raises(Forbidden):
            here.administrator.create_with_token("one", token)
    assert here.administrator.find() is None


def test_of_two_with_the_same_token_one_comes_first(site: Guarded):
    token = site.engine().administrator.issue_token()

    def attempt(number: int) -> bool:
        try:
            return site.engine().administrator.create_with_token(f"hash {number}", token)
        except Forbidden:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(attempt, range(16))).count(True) == 1


OPERATIONS = [
    lambda engine: engine.keys.list_all(),
    lambda engine: engine.keys.create(REQUEST),
    lambda engine: engine.keys.authenticate("vdai_" + "a" * 43),
    lambda engine: engine.keys.rotate(1),
    lambda engine: engine.administrator.enabled(),
    lambda engine: engine.administrator.find(),
    lambda engine: engine.administrator.token_secret(),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_the_tables_nobody_comes_in(database_url: str, operation):
    missing = f"missing_{uuid4().hex[:12]}"
    database = open_database(database_url, missing, connections=1, wait=5.0, statement_timeout=60.0)
    try:
        with pytest.raises(Unavailable, match="vectable migrate"):
            operation(Engine(database))
    finally:
        database.close()


def test_without_the_row_of_settings_nobody_comes_in(site: Guarded, here: Engine):
    site.run('DELETE FROM "{0}_catalog".auth_settings')
    try:
        with pytest.raises(ServiceError, match="row of settings"):
            here.administrator.enabled()
    finally:
        site.run('INSERT INTO "{0}_catalog".auth_settings DEFAULT VALUES')
