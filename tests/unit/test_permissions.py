"""Permissions and the names that they are for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import Forbidden, InvalidRequest
from service.core.keys import KeyRequest, digest, is_secret, readable_part
from service.core.permissions import (
    EVERYTHING,
    Grant,
    Permission,
    matches,
    parse_permissions,
    spell_permissions,
)

READ, WRITE, ADMIN, OWNER = Permission

SPELLED = [
    ("read", READ),
    ("write", WRITE),
    ("admin", ADMIN),
    ("read,write", READ | WRITE),
    ("read,admin", READ | ADMIN),
    ("write,admin", WRITE | ADMIN),
    ("read,write,admin", READ | WRITE | ADMIN),
]


@pytest.mark.parametrize(("text", "bits"), SPELLED)
def test_permissions_are_read_and_spelled(text: str, bits: Permission):
    assert parse_permissions(text) == bits
    assert spell_permissions(bits) == text


def test_the_bits_are_those_of_the_specification():
    assert (READ.value, WRITE.value, ADMIN.value) == (1, 2, 4)


@pytest.mark.parametrize("text", ["write,read", "read, write", "READ,Write", "read,write,read"])
def test_order_case_and_repetition_do_not_matter(text: str):
    assert spell_permissions(parse_permissions(text)) == "read,write"


@pytest.mark.parametrize(
    "text", ["", ",", "read,", "reed", "owner", "read;write", "3", "*", "read write", "rеad"]
)
def test_other_words_are_refused(text: str):
    with pytest.raises(InvalidRequest, match="Invalid permission"):
        parse_permissions(text)


@pytest.mark.parametrize(("need", "others"), [(READ, WRITE | ADMIN), (WRITE, READ | ADMIN)])
def test_no_permission_implies_another(need: Permission, others: Permission):
    Grant(need).check(need)
    with pytest.raises(Forbidden, match=spell_permissions(need)):
        Grant(others).check(need)


def test_what_no_key_has_is_the_administrators():
    Grant(EVERYTHING).check(OWNER)
    with pytest.raises(Forbidden, match="administrator"):
        Grant(READ | WRITE | ADMIN).check(OWNER)


# (pattern, names that fit, names that do not)
PATTERNS = [
    ("books", ["books"], ["book", "books2", "Books", "", "my-books"]),
    ("*", ["", "books", "**", "a\nb"], []),
    ("team-*", ["team-", "team-a", "team-*"], ["team", "Team-a", "my-team-a"]),
    ("*-test", ["-test", "a-test", "a-test-test"], ["a-test2", "test"]),
    ("a*b", ["ab", "aab", "abb", "axyzb"], ["a", "b", "abc", "ba"]),
    ("ab*ba", ["abba", "abxba", "ababa"], ["aba", "abb"]),
    ("*a*b*", ["ab", "xaxbx", "aab"], ["ba", "a", "b"]),
    ("a*a*a", ["aaa", "axaxa"], ["aa", "a"]),
    ("?", ["?"], ["a"]),
    ("[ab]", ["[ab]"], ["a"]),
    ("a.b", ["a.b"], ["axb"]),
]


@pytest.mark.parametrize(("pattern", "fit", "others"), PATTERNS)
def test_only_the_star_is_special_in_patterns(pattern: str, fit: list[str], others: list[str]):
    assert [name for name in fit + others if matches(pattern, name)] == fit


def slowly_matches(pattern: str, name: str) -> bool:
    """The definition: a star takes some characters, from none to all."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(slowly_matches(pattern[1:], name[n:]) for n in range(len(name) + 1))
    return name[:1] == pattern[0] and slowly_matches(pattern[1:], name[1:])


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_patterns_match_as_they_are_defined(pattern: str, name: str):
    assert matches(pattern, name) == slowly_matches(pattern, name)


def test_many_stars_take_no_time_to_speak_of():
    assert not matches("a*" * 120 + "b", "a" * 255)


def test_a_grant_covers_what_any_of_its_patterns_covers():
    grant = Grant(READ, ("team-*", "shared"))

    assert [grant.covers(name) for name in ("team-a", "shared", "other")] == [True, True, False]
    with pytest.raises(Forbidden, match="'other'"):
        grant.check_namespace("other")
    with pytest.raises(Forbidden, match="some names only"):
        grant.check_all()
    Grant(READ).check_all()


KEY = {"name": "ci", "permissions": READ}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 256},
        {"name": "a\nb"},
        {"name": "a\0"},
        {"description": "x" * 4001},
        {"description": "\0"},
        {"permissions": Permission(0)},
        {"permissions": EVERYTHING},
        {"namespaces": ()},
        {"namespaces": ("",)},
        {"namespaces": ("x",) * 101},
        {"namespaces": ("a\0",)},
        {"lifetime": -1},
        {"lifetime": 10**12},
    ],
)
def test_what_no_key_can_be_is_refused(wrong: dict[str, object]):
    KeyRequest(**KEY).check()
    with pytest.raises(InvalidRequest):
        KeyRequest(**(KEY | wrong)).check()


def test_a_secret_is_known_by_its_form():
    secret = "vdai_" + "aZ09_-" * 7 + "x"

    assert is_secret(secret)
    for other in ("", "vdai_", secret[:-1], secret + "x", secret.upper(), secret + "\n"):
        assert not is_secret(other)
    assert readable_part(secret) == "vdai_aZ09_-"
    assert len(digest(secret)) == 32
