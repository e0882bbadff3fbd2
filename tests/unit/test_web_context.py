"""From the body of a request to the value that its schema makes."""

import gzip
from dataclasses import dataclass

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from service.core.errors import InvalidRequest, MalformedRequest, TooLarge
from service.web.context import engine, first_error, read

PREFIX = "Failed to deserialize the JSON body into the target type: "


@dataclass(frozen=True)
class Order:
    limit: int
    rows: tuple[dict, ...]


class Row(Schema):
    id = fields.Integer(strict=True, required=True)


class OrderSchema(Schema):
    limit = fields.Integer(strict=True, load_default=10)
    rows = fields.List(fields.Nested(Row), load_default=[])

    @validates_schema
    def few(self, data, **_):
        if len(data["rows"]) > 2:
            raise ValidationError("at most two rows")

    @post_load
    def to_order(self, data, **_):
        if data["limit"] > 100:
            raise InvalidRequest("💔 limit must be at most 100")
        return Order(data["limit"], tuple(data["rows"]))


@pytest.fixture
def read_text():
    def read_as(text, limit=1000, headers=None, **options):
        app = Flask(__name__)
        with app.test_request_context("/", method="POST", data=text, headers=headers):
            return read(OrderSchema(), limit, **options)

    return read_as


def test_a_body_becomes_what_the_schema_makes_of_it(read_text):
    assert read_text(b'{"limit":3,"rows":[{"id":1}]}') == Order(3, ({"id": 1},))


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "text/html"])
def test_the_content_type_does_not_matter(read_text, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}

    assert read_text(b"{}", headers=headers) == Order(10, ())


def test_a_gzip_body_is_inflated_first(read_text):
    packed = gzip.compress(b'{"limit":4}')

    assert read_text(packed, headers={"Content-Encoding": "gzip"}) == Order(4, ())


# (body, the message after the prefix)
UNFIT = [
    (b"[]", "invalid type: sequence, expected a map"),
    (b"null", "invalid type: null, expected a map"),
    (b"true", "invalid type: boolean, expected a map"),
    (b"1", "invalid type: integer, expected a map"),
    (b"1.5", "invalid type: floating point, expected a map"),
    (b'"x"', "invalid type: string, expected a map"),
    (b'{"limit":"3"}', "limit: Not a valid integer."),
    (b'{"rows":{"id":1}}', "rows: Not a valid list."),
    (b'{"rows":[{"id":1},{"id":"x"}]}', "rows[1].id: Not a valid integer."),
    (b'{"rows":[{}]}', "rows[0].id: Missing data for required field."),
    (b'{"rows":[7]}', "rows[0]: Invalid input type."),
    (b'{"rows":[{"id":1},{"id":2},{"id":3}]}', "at most two rows"),
    (b'{"wrong":1}', "wrong: Unknown field."),
]


@pytest.mark.parametrize(("text", "message"), UNFIT)
def test_json_of_another_shape_is_named_by_its_first_error(read_text, text, message):
    with pytest.raises(MalformedRequest) as refusal:
        read_text(text)

    assert refusal.value.message == PREFIX + message


def test_indexes_and_names_alternate_in_the_path():
    error = ValidationError({"a": {0: {"b": {2: {3: ["bad", "worse"]}}}, 1: ["later"]}, "z": ["x"]})

    assert first_error(error) == "a[0].b[2][3]: bad"


def test_what_is_not_json_is_another_error(read_text):
    with pytest.raises(InvalidRequest, match=r"^Failed to parse "):
        read_text(b"{")


def test_an_error_of_the_domain_passes_through_the_schema(read_text):
    with pytest.raises(InvalidRequest, match="limit must be at most 100"):
        read_text(b'{"limit":101}')


def test_the_limit_holds(read_text):
    with pytest.raises(TooLarge):
        read_text(b'{"limit":1}', limit=10)


def test_an_empty_body_is_an_empty_object_only_where_that_is_allowed(read_text):
    assert read_text(b"", empty_ok=True) == Order(10, ())
    with pytest.raises(InvalidRequest, match="empty document"):
        read_text(b"")


def test_a_body_that_is_not_empty_is_still_checked(read_text):
    with pytest.raises(MalformedRequest):
        read_text(b"null", empty_ok=True)


def test_the_engine_is_the_one_of_the_application():
    app = Flask(__name__)
    app.extensions["vectable"] = "the engine"

    with app.app_context():
        assert engine() == "the engine"
