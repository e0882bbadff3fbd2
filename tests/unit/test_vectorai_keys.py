"""Keys of payloads become paths, and paths are spelled again."""

import pytest

from service.core.errors import InvalidRequest
from service.core.paths import Each, Item, Key, Path
from service.dialects.vectorai.keys import MAX_STEPS, parse_path

# (key, steps)
KEYS = [
    ("a", (Key("a"),)),
    ("a.b.c", (Key("a"), Key("b"), Key("c"))),
    ("a[]", (Key("a"), Each())),
    ("a[].b", (Key("a"), Each(), Key("b"))),
    ("a[0]", (Key("a"), Item(0))),
    ("a[12][3].b", (Key("a"), Item(12), Item(3), Key("b"))),
    ("a[][]", (Key("a"), Each(), Each())),
    ('"a.b"', (Key("a.b"),)),
    ('a."b.c[]".d', (Key("a"), Key("b.c[]"), Key("d"))),
    ('"a"[0]', (Key("a"), Item(0))),
    ('""', (Key(""),)),
    ("metadata.source", (Key("metadata"), Key("source"))),
    # names that need no quotes
    ("größe 🐡", (Key("größe 🐡"),)),
    ("it's 100%s", (Key("it's 100%s"),)),
    ("a-b_c:d/e", (Key("a-b_c:d/e"),)),
    ("0", (Key("0"),)),
    ("a.0", (Key("a"), Key("0"))),
]


@pytest.mark.parametrize(("key", "steps"), KEYS)
def test_a_key_is_read_step_by_step(key: str, steps: tuple[Key | Item | Each, ...]):
    assert parse_path(key) == Path(steps)


@pytest.mark.parametrize(("_", "steps"), KEYS)
def test_a_path_is_spelled_as_a_key_that_means_it(_: str, steps: tuple[Key | Item | Each, ...]):
    assert parse_path(str(Path(steps))) == Path(steps)


WRONG = ["", ".", "a.", ".a", "a..b", "a[", "a]", "a[x]", "a[-1]", "a[0", "[0]", "[]", '"a', 'a"b"']
WRONG += ['"a"b', "a[0]b", "a.[0]", "a[9999999999999999999]"]


@pytest.mark.parametrize("key", WRONG)
def test_what_is_no_key_is_refused_by_name(key: str):
    with pytest.raises(InvalidRequest, match="Invalid key ") as caught:
        parse_path(key)

    assert f"'{key}'" in caught.value.message


def test_the_number_of_steps_is_bounded():
    assert len(parse_path(".".join(["a"] * MAX_STEPS)).steps) == MAX_STEPS

    with pytest.raises(InvalidRequest, match="steps"):
        parse_path(".".join(["a"] * (MAX_STEPS + 1)))


def test_a_long_key_is_shortened_in_the_message():
    with pytest.raises(InvalidRequest) as caught:
        parse_path("a" * 100_000 + "[")

    assert len(caught.value.message) < 200


def test_the_path_of_elements_is_the_same_with_and_without_brackets():
    assert parse_path("a.b").each == parse_path("a.b[]").each == parse_path("a.b[]")


@pytest.mark.parametrize(("key", "name"), [("a", "a"), ("a.b", None), ("a[]", None)])
def test_a_path_of_one_name_is_an_attribute(key: str, name: str | None):
    assert parse_path(key).name == name
