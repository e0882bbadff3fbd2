"""Bodies of v2 writes (section 6.2), and the core values they become."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from marshmallow import post_load

from service.core.documents import Conditions, Matching, PatchMatching, Write
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Filter
from service.core.ids import kind_of
from service.core.vectors import VectorBatch
from service.dialects.turbopuffer.attribute_schema import parse_schema
from service.dialects.turbopuffer.documents import parse_ids
from service.dialects.turbopuffer.envelope import (
    Copy,
    Request,
    anything,
    choice,
    flag,
    not_alone,
    read_source,
)
from service.dialects.turbopuffer.filters import parse_condition, parse_filter
from service.dialects.turbopuffer.names import TARGET, parse_metric
from service.dialects.turbopuffer.rows import parse_patch, parse_patches, parse_upsert
from service.dialects.turbopuffer.vectors import parse_vectors
from service.dialects.turbopuffer.wire import Wire, shortened

OPERATIONS = (
    "upsert_rows", "upsert_columns", "patch_rows", "patch_columns", "deletes",
    "delete_by_filter", "patch_by_filter", "schema", "create_namespace",
)  # fmt: skip
COPIES = ("copy_from_namespace", "branch_from_namespace")
# what may stand beside a copy
BESIDE_COPIES = frozenset({"encryption", "create_namespace", "disable_backpressure"})
CLOUD_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+|arn:.+")


class WriteRequest(Request):
    """``POST /v2/namespaces/:ns``."""

    upsert_rows = anything()
    upsert_columns = anything()
    upsert_condition = anything()
    patch_rows = anything()
    patch_columns = anything()
    patch_condition = anything()
    deletes = anything()
    delete_condition = anything()
    delete_by_filter = anything()
    delete_by_filter_allow_partial = flag()
    patch_by_filter = anything()
    patch_by_filter_allow_partial = flag()
    return_affected_ids = flag()
    distance_metric = anything()
    schema = anything()
    copy_from_namespace = anything()
    branch_from_namespace = anything()
    create_namespace = choice()
    encryption = anything()
    sharding = anything()
    disable_backpressure = flag()

    @post_load
    def to_write(self, data: dict[str, Any], **_: Any) -> Write | Copy:
        check_encryption(data["encryption"])
        check_sharding(data["sharding"])
        for name in COPIES:
            if data[name] is not None:
                return read_copy(name, data)
        if not any(data[name] is not None for name in OPERATIONS):
            raise InvalidRequest(f"💔 a write needs one of: {', '.join((*OPERATIONS, *COPIES))}")
        return read_write(data)


class CopyRequest(Request):
    """``POST /v2/namespaces/:ns/async``."""

    copy_from_namespace = anything()
    encryption = anything()

    @post_load
    def to_copy(self, data: dict[str, Any], **_: Any) -> Copy:
        check_encryption(data["encryption"])
        return Copy(read_copied("copy_from_namespace", data))


def read_copy(name: str, data: dict[str, Any]) -> Copy:
    """A copy or a branch, which is one as well."""
    others = {n for n, value in data.items() if value not in (None, False)} - BESIDE_COPIES
    if others != {name}:
        raise not_alone(name)
    return Copy(read_copied(name, data), must_exist=data["create_namespace"] is False)


def read_copied(name: str, data: dict[str, Any]) -> str:
    """The source of a copy, whose encryption may stand in it."""
    match data[name]:
        case {"dest_encryption": encryption}:
            check_encryption(encryption)
        case _:
            pass
    return read_source(data[name], name)


def read_write(data: dict[str, Any]) -> Write:
    schema = parse_schema(data["schema"])
    deleting = data["delete_by_filter"]
    return Write(
        delete_where=None
        if deleting is None
        else Matching(parse_filter(deleting), data["delete_by_filter_allow_partial"] is True),
        patch_where=read_patch_by_filter(data),
        deletes=None if data["deletes"] is None else read_deletes(data["deletes"]),
        patches=parse_patches(data["patch_rows"], data["patch_columns"]),
        upsert=parse_upsert(data["upsert_rows"], data["upsert_columns"]),
        conditions=Conditions(
            upsert=read_condition(data["upsert_condition"]),
            patch=read_condition(data["patch_condition"]),
            delete=read_condition(data["delete_condition"]),
        ),
        schema=schema,
        metric=parse_metric(data["distance_metric"]),
        read_vectors=read_vectors,
        create=data["create_namespace"],
        with_ids=data["return_affected_ids"] is True,
        disable_backpressure=data["disable_backpressure"] is True,
    )


def read_vectors(values: Sequence[object]) -> VectorBatch | None:
    return parse_vectors(cast(Sequence[Wire], values))


def read_patch_by_filter(data: dict[str, Any]) -> PatchMatching | None:
    match data["patch_by_filter"]:
        case None:
            return None
        case {"filters": condition, "patch": patch}:
            partial = data["patch_by_filter_allow_partial"] is True
            return PatchMatching(Matching(parse_filter(condition), partial), parse_patch(patch))
        case {"filters": _}:
            raise MalformedRequest(f"{TARGET}patch_by_filter: missing field `patch`")
        case dict():
            raise MalformedRequest(f"{TARGET}patch_by_filter: missing field `filters`")
        case other:
            raise MalformedRequest(
                f"{TARGET}patch_by_filter: invalid type: {kind_of(other)}, "
                "expected struct PatchByFilter"
            )


def read_deletes(wire: Wire) -> tuple[Any, ...]:
    if not isinstance(wire, list):
        raise MalformedRequest(
            f"{TARGET}deletes: data did not match any variant of untagged enum IdVec"
        )
    return parse_ids(wire, "deletes")


def read_condition(wire: Wire) -> Filter | None:
    return None if wire is None else parse_condition(wire)


def check_encryption(wire: Wire) -> None:
    """Refuse keys of a cloud: the database's storage is not ours to encrypt with them.

    Raises:
        InvalidRequest: for any key, with the words of the live service for one that is malformed.
    """
    match wire:
        case None | {"mode": "default"} | {"sse": True}:
            return
        case {"cmek": {"key_name": key}} | {"mode": "customer-managed", "key_name": key}:
            if not isinstance(key, str) or not CLOUD_KEY.fullmatch(key):
                raise InvalidRequest(f"💔 Malformed Cloud KMS crypto key: {shortened(key)}")
            raise InvalidRequest("💔 CMEK is not currently enabled in this cluster")
        case _:
            raise MalformedRequest(
                f"{TARGET}encryption: data did not match any variant of untagged enum Encryption"
            )


def check_sharding(wire: Wire) -> None:
    """Sharding is accepted: one table is always enough here."""
    match wire:
        case {"num_shards": bool()}:
            pass
        case None | {"num_shards": int()}:
            return
        case _:
            pass
    raise MalformedRequest(f"{TARGET}sharding: missing field `num_shards`")
