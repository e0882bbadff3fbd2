"""JSON in and out: what is refused, what is kept exactly, and how answers look."""

import json
from collections import OrderedDict

import numpy as np
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidRequest
from service.web.json import dumps, install, loads, respond

# (text, a part of the message)
REFUSED = [
    (b"", "empty document"),
    (b"{", "Failed to parse the request body as JSON: "),
    (b"[1,]", "trailing comma"),
    (b"NaN", "unexpected character"),
    (b"[Infinity]", "unexpected character"),
    (b"[-Infinity]", "Failed to parse"),
    (b"1e400", "infinity"),
    (b'"\xff"', "UTF-8"),
    (b'"\\ud800"', "surrogate"),
    (b'"\x00"', "Failed to parse"),
    (b"[" * 2000, "depth"),
    (b'{"a":' * 2000, "depth"),
    (b'{"title":"a\\u0000b"}', "'title' holds the character U+0000"),
    (b'{"rows":[{"a":1},{"title":["x","\\u0000"]}]}', "'title' holds the character U+0000"),
    (b'{"rows":[{"ti\\u0000tle":1}]}', "the key 'ti\\x00tle' holds the character U+0000"),
    (b'"\\\\\\u0000"', "'body' holds the character U+0000"),
    (b"18446744073709551616", "integer 18446744073709551616 does not fit in 64 bits"),
    (b"-9223372036854775809", "integer -9223372036854775809 does not fit in 64 bits"),
    (b'{"rows":[{"id":1},{"id":99999999999999999999}]}', "99999999999999999999 does not fit"),
    (b'{"filters":["And",[["a","Eq",-18446744073709551616]]]}', "-18446744073709551616"),
    (b'{"vector":[0.5,1e300,340282366920938463463374607431768211456]}', "does not fit"),
    (b"[0.5,18446744073709551616,-18446744073709551616]", "does not fit"),
    (b"9" * 300, "9" * 40 + "… does not fit"),
]


@pytest.mark.parametrize(("raw", "part"), REFUSED, ids=[str(raw[:30]) for raw, _ in REFUSED])
def test_refuses_what_is_not_json_or_cannot_be_kept(raw, part):
    with pytest.raises(InvalidRequest) as refusal:
        loads(raw)

    assert refusal.value.message.startswith("Failed to parse the request body as JSON: ")
    assert part in refusal.value.message
    assert len(refusal.value.message) < 250


# (text, value): what looks dangerous and is not
ACCEPTED = [
    (b'"\\\\u0000"', "\\u0000"),
    (b'{"a\\\\u0000":"\\n"}', {"a\\u0000": "\n"}),
    (b"18446744073709551615", 2**64 - 1),
    (b"-9223372036854775808", -(2**63)),
    (b"[1e300,1]", [1e300, 1]),
    (b'{"a":[-1e300,"x",18446744073709551615]}', {"a": [-1e300, "x", 2**64 - 1]}),
    (b"1e19", 1e19),
    (b"99999999999999999999.0", 1e20),
    (b"[9223372036854775807,9223372036854775808]", [2**63 - 1, 2**63]),
    (b"[true,1e300,null]", [True, 1e300, None]),
    (b'"\\ud83e\\udd37"', "🤷"),
    (b"[" * 900 + b"]" * 900, None),
]


@pytest.mark.parametrize(("raw", "value"), ACCEPTED, ids=[str(raw[:30]) for raw, _ in ACCEPTED])
def test_accepts_what_only_looks_dangerous(raw, value):
    read = loads(raw)

    if value is not None:
        assert read == value
        assert type(read) is type(value)
    else:
        assert isinstance(read, list)


def test_a_deep_body_with_a_huge_number_is_an_error_of_the_caller():
    raw = b"[" * 1020 + b"1e300" + b"]" * 1020
    outcome = "read"

    try:
        loads(raw)
    except InvalidRequest as refusal:
        outcome = refusal.message

    # how deep the standard library goes depends on the Python version
    assert outcome == "read" or outcome.endswith("it is nested too deeply")


@given(
    st.recursive(
        st.integers(-(2**64), 2**65) | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner),
    )
)
def test_numbers_are_kept_exactly_or_refused(value):
    wide = _has_wide_integer(value)

    try:
        read = loads(json.dumps(value).encode())
    except InvalidRequest:
        assert wide
    else:
        assert not wide
        assert read == value


def _has_wide_integer(value):
    if isinstance(value, int):
        return not -(2**63) <= value < 2**64
    if isinstance(value, dict):
        return any(map(_has_wide_integer, value.values()))
    return isinstance(value, list) and any(map(_has_wide_integer, value))


def test_keeps_the_order_of_keys():
    assert dumps(OrderedDict([("z", 1), ("a", 2)])) == b'{"z":1,"a":2}'


def test_float32_numbers_get_their_shortest_text():
    assert dumps({"vector": np.array([0.7, 0.1], dtype=np.float32)}) == b'{"vector":[0.7,0.1]}'


def test_refuses_keys_that_are_not_strings():
    with pytest.raises(TypeError):
        dumps({1: "a"})


def test_an_answer_has_the_bare_content_type():
    answer = respond({"a": "ä"}, 202, {"X-Extra": "1"})

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.get_data() == '{"a":"ä"}'.encode()
    assert answer.status_code == 202
    assert answer.headers["X-Extra"] == "1"


def test_flask_renders_dicts_by_the_same_rules():
    app = Flask(__name__)
    install(app)
    app.get("/")(lambda: {"z": 1, "a": "🤷"})

    answer = app.test_client().get("/")

    assert answer.get_data() == '{"z":1,"a":"🤷"}'.encode()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.get_json() == {"z": 1, "a": "🤷"}
