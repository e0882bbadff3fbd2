"""Paths into the JSON of a document: which values of its attributes are meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """The member of an object that has this name."""

    name: str

    def __str__(self) -> str:
        return f'"{self.name}"' if set(self.name) & set('."[]') or not self.name else self.name


@dataclass(frozen=True, slots=True)
class Item:
    """The element of an array at this place; the first is 0."""

    index: int

    def __str__(self) -> str:
        return f"[{self.index}]"


@dataclass(frozen=True, slots=True)
class Each:
    """Every element of an array."""

    def __str__(self) -> str:
        return "[]"


Step = Key | Item | Each


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a document's attributes, or from an object inside them, to some values.

    A step leads nowhere from a value of another kind: no key is looked for in an array's elements.
    """

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        dotted = (f".{step}" if isinstance(step, Key) else str(step) for step in self.steps)
        return "".join(dotted).removeprefix(".")

    @property
    def name(self) -> str | None:
        """The attribute's name where the path leads to a whole attribute and no further."""
        match self.steps:
            case (Key(name),):
                return name
            case _:
                return None

    @property
    def each(self) -> Path:
        """The elements of the arrays that the path leads to; a path to elements stays as it is."""
        if self.steps and isinstance(self.steps[-1], Each):
            return self
        return Path((*self.steps, Each()))
