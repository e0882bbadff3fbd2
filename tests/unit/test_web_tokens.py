"""Tokens of the administrator: ours, of today, and nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from service.web import tokens

SECRET = b"0123456789abcdef0123456789abcdef"
GENERATION = uuid4()


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    all_of_them = {
        "iss": "vectable",
        "sub": "admin",
        "iat": now,
        "exp": now + timedelta(hours=1),
        "gen": str(GENERATION),
    }
    return {name: value for name, value in (all_of_them | changes).items() if value is not None}


def test_a_token_is_read_as_it_was_issued():
    token = tokens.issue(SECRET, GENERATION)

    assert tokens.may_be_token(token)
    assert tokens.read(SECRET, token) == GENERATION


def test_a_token_lives_for_an_hour():
    read = jwt.decode(tokens.issue(SECRET, GENERATION), SECRET, algorithms=["HS256"])

    assert read["exp"] - read["iat"] == 3600


def test_a_token_made_of_the_same_parts_is_taken():
    assert tokens.read(SECRET, jwt.encode(claims(), SECRET, "HS256")) == GENERATION


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(), SECRET[::-1], "HS256"),
        jwt.encode(claims(), SECRET * 2, "HS512"),
        jwt.encode(claims(), None, "none"),
        jwt.encode(claims(exp=datetime.now(UTC) - timedelta(seconds=1)), SECRET, "HS256"),
        jwt.encode(claims(iat=datetime.now(UTC) + timedelta(hours=1)), SECRET, "HS256"),
        jwt.encode(claims(exp=None), SECRET, "HS256"),
        jwt.encode(claims(gen=None), SECRET, "HS256"),
        jwt.encode(claims(gen="no uuid"), SECRET, "HS256"),
        jwt.encode(claims(sub="somebody"), SECRET, "HS256"),
        jwt.encode(claims(sub=None), SECRET, "HS256"),
        jwt.encode(claims(iss="somebody"), SECRET, "HS256"),
        "",
        "..",
        "a.b.c",
        tokens.issue(SECRET, GENERATION)[:-2],
        tokens.issue(SECRET, GENERATION) + "x",
        "ÿ.ÿ.ÿ",
    ],
)
def test_nothing_else_is_taken(token: str):
    assert tokens.read(SECRET, token) is None


@pytest.mark.parametrize(
    "text", ["", "key", "vdai_" + "a" * 43, "a.b", "a.b.c.d", f"a.b.{'c' * 5000}"]
)
def test_what_has_another_form_need_not_be_read(text: str):
    assert not tokens.may_be_token(text)
