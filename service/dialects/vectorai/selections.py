"""What of a point is returned: ``with_payload`` and ``with_vector`` (section 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from service.core.attributes import JsonAny
from service.core.query import AllBut, Projection, Selection
from service.dialects.vectorai.bodies import malformed
from service.dialects.vectorai.vectors import column_name

Path = tuple[str, ...]
Step = Callable[[Mapping[str, JsonAny], Sequence[Path]], dict[str, JsonAny]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a point is returned.

    ``include`` None: the whole payload but ``exclude``; payloads are not shown at all without
    ``payload``. ``vectors`` None: all of them.
    """

    payload: bool = True
    include: tuple[Path, ...] | None = None
    exclude: tuple[Path, ...] = ()
    vectors: tuple[str, ...] | None = ()

    @property
    def selection(self) -> Selection:
        """What is read of a document."""
        if self.vectors is None:
            return AllBut()
        return Projection(None if self.payload else (), self.vectors)


def parse_shown(payload: JsonAny, vector: JsonAny, *, payload_default: bool = True) -> Shown:
    """The two fields; null takes the default."""
    include, exclude, wanted = read_payload(payload_default if payload is None else payload)
    return Shown(wanted, include, exclude, read_vectors(vector))


def read_payload(wire: JsonAny) -> tuple[tuple[Path, ...] | None, tuple[Path, ...], bool]:
    """Keys to include (None: all), keys to exclude, and whether a payload is wanted at all."""
    match wire:
        case bool():
            return None, (), wire
        case list():
            return read_keys(wire), (), True
        case {"include": list(keys)}:
            return read_keys(keys), (), True
        case {"exclude": list(keys)}:
            return None, read_keys(keys), True
        case _:
            raise malformed(
                "with_payload", "expected a boolean, a list of keys, include or exclude"
            )


def read_keys(wire: Sequence[JsonAny]) -> tuple[Path, ...]:
    """Keys with dots between names; brackets mean every element, which they reach anyway."""
    if not all(isinstance(key, str) for key in wire):
        raise malformed("with_payload", "keys are strings")
    return tuple(tuple(key.replace("[]", "").split(".")) for key in cast(Sequence[str], wire))


def read_vectors(wire: JsonAny) -> tuple[str, ...] | None:
    match wire:
        case None | False:
            return ()
        case True:
            return None
        case list() if all(isinstance(name, str) for name in wire):
            return tuple(column_name(name) for name in cast(Sequence[str], wire))
        case _:
            raise malformed("with_vector", "expected a boolean or a list of names")


def select(payload: Mapping[str, JsonAny], shown: Shown) -> Mapping[str, JsonAny]:
    """The part of a payload that is wanted."""
    if shown.include is not None:
        return included(payload, shown.include)
    return excluded(payload, shown.exclude) if shown.exclude else payload


def included(value: Mapping[str, JsonAny], paths: Sequence[Path]) -> dict[str, JsonAny]:
    """What is at the paths, in the objects that it stands in."""
    kept: dict[str, JsonAny] = {}
    for name, part in value.items():
        rests = [path[1:] for path in paths if path[0] == name]
        if () in rests:
            kept[name] = part
        elif rests and (inner := descend(part, rests, included)) not in (None, {}, []):
            kept[name] = inner
    return kept


def excluded(value: Mapping[str, JsonAny], paths: Sequence[Path]) -> dict[str, JsonAny]:
    """All but what is at the paths."""
    kept: dict[str, JsonAny] = {}
    for name, part in value.items():
        rests = [path[1:] for path in paths if path[0] == name]
        if () in rests:
            continue
        inner = descend(part, rests, excluded) if rests else None
        kept[name] = part if inner is None else inner
    return kept


def descend(value: JsonAny, paths: Sequence[Path], step: Step) -> JsonAny:
    """The step applied to an object, or to each object of an array; None for anything else."""
    if isinstance(value, dict):
        return step(value, paths)
    if isinstance(value, list):
        return [step(one, paths) for one in value if isinstance(one, dict)]
    return None
