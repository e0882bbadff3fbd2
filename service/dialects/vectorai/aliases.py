"""Actions on aliases, in both spellings (section 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.core.aliases import Alias, AliasAction, RemoveAlias, RenameAlias, SetAlias
from service.core.attributes import JsonAny
from service.dialects.vectorai.bodies import malformed
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.routing import check_name


def parse_actions(body: Mapping[str, JsonAny]) -> tuple[AliasAction, ...]:
    """The actions in their order."""
    wire = body.get("actions")
    if not isinstance(wire, list):
        raise malformed("actions", "missing field, expected a list")
    return tuple(parse_action(row, action) for row, action in enumerate(wire))


def parse_action(row: int, wire: JsonAny) -> AliasAction:
    match wire:
        case {"create_alias": {"alias_name": str(alias), "collection_name": str(name)}} | {
            "create": {"alias_name": str(alias), "collection_name": str(name)}
        }:
            return SetAlias(check_name(alias), check_name(name))
        case {"delete_alias": {"alias_name": str(alias)}} | {"delete": {"alias_name": str(alias)}}:
            return RemoveAlias(check_name(alias))
        case {"rename_alias": {"old_alias_name": str(alias), "new_alias_name": str(renamed)}} | {
            "rename": {"old_alias_name": str(alias), "new_alias_name": str(renamed)}
        }:
            return RenameAlias(check_name(alias), check_name(renamed))
        case _:
            raise malformed(
                f"actions[{row}]", "expected create_alias, delete_alias or rename_alias with names"
            )


def names_of(actions: Sequence[AliasAction]) -> set[str]:
    """Every name that the actions mention."""
    names: set[str] = set()
    for action in actions:
        match action:
            case SetAlias(alias, namespace):
                names.update((alias, namespace))
            case RemoveAlias(alias):
                names.add(alias)
            case RenameAlias(alias, renamed):
                names.update((alias, renamed))
    return names


def render_aliases(found: Sequence[Alias]) -> Rendered:
    return {
        "aliases": [{"alias_name": one.alias, "collection_name": one.namespace} for one in found]
    }
