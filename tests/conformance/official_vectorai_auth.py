"""VectorAI's client administrates a server, by its synchronous half and by its asynchronous one.

Run by ``official_vectorai_scenario.py``, never collected; every public function is one check. They
share one server, so each of them leaves it without an administrator and open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from official_vectorai_shared import FLAT, URL, exceptions, refusal, transport, vectorai

PASSWORD, OTHER = "MySecurePwd!1", "AnotherSecure2?"
NOWHERE = "localhost:1"


class _InThread:
    """The synchronous client, called so that its calls can be awaited; it is closed when nobody
    holds it any more."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._client.auth, name)
        return lambda *arguments, **named: asyncio.to_thread(method, *arguments, **named)


def _both() -> tuple[Any, Any]:
    """The two halves of the client, neither of which has a gRPC server."""
    return (
        _InThread(vectorai.VectorAIClient(NOWHERE, rest_url=URL)),
        vectorai.AsyncVectorAIClient(NOWHERE, rest_url=URL).auth,
    )


@asynccontextmanager
async def _administrator(auth: Any, *, enabled: bool = True) -> AsyncIterator[str]:
    """The token of an administrator, who is gone afterwards."""
    await auth.create_admin(PASSWORD)
    token = (await auth.login(PASSWORD)).token
    if enabled:
        assert await auth.set_auth_enabled(True, admin_jwt=token) is True
    try:
        yield token
    finally:
        await auth.set_auth_enabled(False, admin_jwt=token)
        await auth.delete_admin(admin_jwt=token)
        # other processes of the server remember for a second that keys were asked for
        await asyncio.sleep(1.1 if enabled else 0)


async def an_administrator_is_made_once(_: Any, name: str) -> None:
    for auth in _both():
        assert await auth.admin_exists() is False
        await auth.create_admin(PASSWORD)
        assert await auth.admin_exists() is True
        await refusal(auth.create_admin(OTHER), "InvalidCredentialsError")
        answer = await auth.login(PASSWORD)
        assert answer.token
        await auth.delete_admin(admin_jwt=answer.token)
        assert await auth.admin_exists() is False


async def a_wrong_password_gives_no_token(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth, enabled=False):
            await refusal(auth.login(OTHER), "InvalidCredentialsError")
            assert (await auth.login(PASSWORD)).expires_in == 3600


async def a_password_is_changed(_: Any, name: str) -> None:
    for auth in _both():
        await auth.create_admin(PASSWORD)
        await refusal(auth.reset_admin_password(OTHER, f"{OTHER}!"), "InvalidCredentialsError")
        await auth.reset_admin_password(PASSWORD, OTHER)
        await refusal(auth.login(PASSWORD), "InvalidCredentialsError")
        await auth.delete_admin(admin_jwt=(await auth.login(OTHER)).token)


async def authentication_is_switched_on_and_off(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth, enabled=False) as token:
            assert await auth.is_auth_enabled(admin_jwt=token) is False
            assert await auth.set_auth_enabled(True, admin_jwt=token) is True
            assert await auth.is_auth_enabled(admin_jwt=token) is True
            await refusal(auth.is_auth_enabled(admin_jwt="wrong"), "InvalidCredentialsError")
            await refusal(
                auth.set_auth_enabled(False, admin_jwt="wrong"), "InvalidCredentialsError"
            )
            assert await auth.set_auth_enabled(False, admin_jwt=token) is False


async def keys_are_made_listed_renewed_and_deleted(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth) as token:
            made = await auth.create_api_key(
                "ci",
                description="d",
                will_expire=True,
                expires_in_seconds=3600,
                permission="read,write",
                admin_jwt=token,
            )
            assert made.api_key.startswith("vdai_")
            (listed,) = await auth.list_api_keys(admin_jwt=token)
            assert (listed.id, listed.name, listed.description) == (made.id, "ci", "d")
            assert listed.will_expire
            assert listed.expired_at
            renewed = await auth.rotate_api_key(made.id, admin_jwt=token)
            assert renewed.id == made.id
            assert renewed.api_key != made.api_key
            await auth.delete_api_key(made.id, admin_jwt=token)
            assert await auth.list_api_keys(admin_jwt=token) == []


async def a_key_may_administrate_keys(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth) as token:
            chief = await auth.create_api_key("chief", permission="admin", admin_jwt=token)
            key = chief.api_key
            made = await auth.create_api_key("made", permission="read", admin_api_key=key)
            assert len(await auth.list_api_keys(admin_api_key=key)) == 2
            await auth.rotate_api_key(made.id, admin_api_key=key)
            await auth.delete_api_key(made.id, admin_api_key=key)
            await auth.delete_api_key(chief.id, admin_jwt=token)


async def a_key_opens_what_it_is_for(_: Any, name: str) -> None:
    for turn, auth in enumerate(_both()):
        collection = f"{name} {turn}"
        async with _administrator(auth) as token:
            reader = await auth.create_api_key("reader", permission="read", admin_jwt=token)
            writer = await auth.create_api_key("writer", permission="write", admin_jwt=token)
            async with (
                transport(api_key=reader.api_key) as reading,
                transport(api_key=writer.api_key) as writing,
                transport(api_key=None) as nobody,
            ):
                await refusal(nobody.collections_list(), "InvalidCredentialsError")
                await refusal(reading.collections_create(collection, FLAT), "PermissionDeniedError")
                await writing.collections_create(collection, FLAT)
                assert await reading.collections_exists(collection)
                await refusal(writing.points_count(collection), "PermissionDeniedError")
                await writing.collections_delete(collection)
            for one in (reader, writer):
                await auth.delete_api_key(one.id, admin_jwt=token)


async def a_key_that_was_renewed_or_deleted_opens_nothing(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth) as token:
            made = await auth.create_api_key("short", permission="read", admin_jwt=token)
            renewed = await auth.rotate_api_key(made.id, admin_jwt=token)
            async with transport(api_key=made.api_key) as old:
                await refusal(old.collections_list(), "InvalidCredentialsError")
            async with transport(api_key=renewed.api_key) as new:
                await new.collections_list()
            await auth.delete_api_key(made.id, admin_jwt=token)
            # other processes remember a key that they have seen for a moment
            await asyncio.sleep(2)
            async with transport(api_key=renewed.api_key) as gone:
                await refusal(gone.collections_list(), "InvalidCredentialsError")


async def keys_that_cannot_be_are_refused(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth) as token:
            first = await auth.create_api_key("twice", admin_jwt=token)
            await refusal(auth.create_api_key("twice", admin_jwt=token), "CollectionExistsError")
            await refusal(auth.delete_api_key(10**6, admin_jwt=token), "PointNotFoundError")
            await refusal(auth.rotate_api_key(10**6, admin_jwt=token), "PointNotFoundError")
            await refusal(auth.list_api_keys(admin_jwt="wrong"), "InvalidCredentialsError")
            expired = await auth.create_api_key(
                "expired", will_expire=True, expires_in_seconds=0, admin_jwt=token
            )
            await refusal(auth.rotate_api_key(expired.id, admin_jwt=token), "ValidationError")
            for one in (first, expired):
                await auth.delete_api_key(one.id, admin_jwt=token)


async def there_are_no_keys_where_nobody_asks_for_them(_: Any, name: str) -> None:
    for auth in _both():
        async with _administrator(auth, enabled=False) as token:
            await refusal(auth.create_api_key("any", admin_jwt=token), "PermissionDeniedError")
            await refusal(auth.list_api_keys(admin_jwt=token), "PermissionDeniedError")


async def too_many_guesses_have_to_wait(_: Any, name: str) -> None:
    # the last check: whoever guesses waits for seconds
    auth = _both()[1]
    await auth.create_admin(PASSWORD)
    for _guess in range(40):
        try:
            await auth.login(OTHER)
        except exceptions.VectorAIError as error:
            if type(error).__name__ == "RateLimitError" and error.retry_after > 0:
                return
            if type(error).__name__ != "InvalidCredentialsError":
                raise
    raise AssertionError("nobody was told to wait")
