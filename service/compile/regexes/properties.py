"""The names in ``\\p{...}``: the general categories, and the few properties that Python knows.

Scripts (``\\p{Greek}``) and the other properties of Unicode are not in Python's tables, so they are
unknown here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from service.compile.regexes.characters import ALL, ASCII, Characters
from service.compile.regexes.unicode import WHITE_SPACE, category, lowercase, uppercase

# Categories by the letters that their names in ``unicodedata`` start with.
_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "C": ("other",),
    "Cc": ("control", "cntrl"),
    "Cf": ("format",),
    "Cn": ("unassigned",),
    "Co": ("privateuse",),
    "L": ("letter",),
    "Ll": ("lowercaseletter",),
    "Lm": ("modifierletter",),
    "Lo": ("otherletter",),
    "Lt": ("titlecaseletter",),
    "Lu": ("uppercaseletter",),
    "M": ("mark", "combiningmark"),
    "Mc": ("spacingmark",),
    "Me": ("enclosingmark",),
    "Mn": ("nonspacingmark",),
    "N": ("number",),
    "Nd": ("decimalnumber", "digit"),
    "Nl": ("letternumber",),
    "No": ("othernumber",),
    "P": ("punctuation", "punct"),
    "Pc": ("connectorpunctuation",),
    "Pd": ("dashpunctuation",),
    "Pe": ("closepunctuation",),
    "Pf": ("finalpunctuation",),
    "Pi": ("initialpunctuation",),
    "Po": ("otherpunctuation",),
    "Ps": ("openpunctuation",),
    "S": ("symbol",),
    "Sc": ("currencysymbol",),
    "Sk": ("modifiersymbol",),
    "Sm": ("mathsymbol",),
    "So": ("othersymbol",),
    "Z": ("separator",),
    "Zl": ("lineseparator",),
    "Zp": ("paragraphseparator",),
    "Zs": ("spaceseparator",),
}
_INITIALS: Final[Mapping[str, str]] = {
    name: initials for initials, names in _CATEGORIES.items() for name in (initials.lower(), *names)
}


def _cased_letters() -> Characters:
    return category("Lu") | category("Ll") | category("Lt")


_AMONG_CATEGORIES: Final[Mapping[str, Callable[[], Characters]]] = {
    "any": lambda: ALL,
    "ascii": lambda: ASCII,
    "assigned": lambda: ALL - category("Cn"),
    "lc": _cased_letters,
    "casedletter": _cased_letters,
}
_PROPERTIES: Final[Mapping[str, Callable[[], Characters]]] = {
    "lower": lowercase,
    "lowercase": lowercase,
    "upper": uppercase,
    "uppercase": uppercase,
    "space": lambda: WHITE_SPACE,
    "whitespace": lambda: WHITE_SPACE,
    "wspace": lambda: WHITE_SPACE,
}


def named_characters(written: str) -> Characters | None:
    """What the text between the braces of ``\\p{...}`` stands for; ``None`` if unknown."""
    property_name, separator, value = written.replace(":", "=", 1).partition("=")
    if not separator:
        return _category_or_property(_normalized(written))
    if _normalized(property_name) in ("gc", "generalcategory"):
        return _category(_normalized(value))
    return None


def _category_or_property(name: str) -> Characters | None:
    known = _PROPERTIES.get(name)
    return known() if known else _category(name)


def _category(name: str) -> Characters | None:
    known = _AMONG_CATEGORIES.get(name)
    if known:
        return known()
    initials = _INITIALS.get(name)
    return category(initials) if initials else None


def _normalized(name: str) -> str:
    """As Unicode compares names: case, separators and "is" in front do not count."""
    kept = "".join(c for c in name.lower() if c.isascii() and c not in " _-")
    # "isc" is a name of its own, that of a property which is no class.
    has_prefix = name[:2].lower() == "is" and kept != "isc"
    return kept[2:] if has_prefix else kept
