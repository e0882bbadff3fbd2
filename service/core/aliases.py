"""Aliases: second names of namespaces, and what can be done to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that stands for a namespace."""

    alias: str
    namespace: str


@dataclass(frozen=True, slots=True)
class SetAlias:
    """Let an alias stand for a namespace, whatever it stood for before."""

    alias: str
    namespace: str


@dataclass(frozen=True, slots=True)
class RemoveAlias:
    """Take an alias away."""

    alias: str


@dataclass(frozen=True, slots=True)
class RenameAlias:
    """Give an alias another name."""

    alias: str
    renamed: str


AliasAction = SetAlias | RemoveAlias | RenameAlias
