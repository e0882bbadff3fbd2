"""Options of full-text search on the wire (section 5.2)."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from service.core.attributes import FullText
from service.core.errors import InvalidRequest
from service.dialects.turbopuffer.names import malformed_schema
from service.dialects.turbopuffer.wire import Wire, shortened

MAX_WEIGHT = 1000.0
TOKENIZERS = frozenset({f"word_v{number}" for number in range(5)} | {"pre_tokenized_array"})
LANGUAGES = frozenset(
    {"arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian"}
    | {"italian", "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil"}
    | {"turkish"}
)
FULL_TEXT_OPTIONS: dict[str, type] = {
    option: type(value) for option, value in asdict(FullText()).items()
}


def parse_full_text(name: str, wire: Wire) -> FullText | None:
    """``full_text_search`` of one attribute: a boolean, or an object of options."""
    match wire:
        case None | False:
            return None
        case True:
            return FullText()
        case dict():
            given = cast(dict[str, Wire], wire)
            known = {k: v for k, v in given.items() if k in FULL_TEXT_OPTIONS and v is not None}
            for option, value in known.items():
                kind = FULL_TEXT_OPTIONS[option]
                if type(value) not in ({int, float} if kind is float else {kind}):
                    raise malformed_schema(f"{name}.full_text_search.{option}", value)
            return check_full_text(name, FullText(**known))  # type: ignore[arg-type]
        case _:
            raise malformed_schema(f"{name}.full_text_search", wire)


def check_full_text(name: str, options: FullText) -> FullText:
    """The options when they are within section 5.2."""
    wrong = [
        option
        for option, right in (
            ("tokenizer", options.tokenizer in TOKENIZERS),
            ("language", options.language in LANGUAGES),
            ("max_token_length", 1 <= options.max_token_length <= 254),
            ("k1", 0 <= options.k1 <= MAX_WEIGHT),
            ("b", 0 <= options.b <= 1),
            ("k3", 0 <= options.k3 <= MAX_WEIGHT),
        )
        if not right
    ]
    if wrong:
        raise InvalidRequest(
            f"💔 attribute '{name}': full_text_search has no such {wrong[0]}: "
            f"'{shortened(getattr(options, wrong[0]))}'"
        )
    return options


def render_full_text(options: FullText | None) -> dict[str, Wire] | None:
    """All options, also those that were not given; None when there is no full-text search."""
    return asdict(options) if options else None
