"""Which exception of the official client an error becomes: by its status and its words.

Section 4.1 of the API's description. The client does this itself in official_vectorai_client*.py;
here every case says which exception it expects.
"""

from __future__ import annotations

from typing import Any

# the exception, and the words for it: of each tuple any; a status without words: whatever the text
Rule = tuple[str, tuple[tuple[str, ...], ...]]
ANY: tuple[tuple[str, ...], ...] = ()
CAPACITY = (("vector count limit", "limit exceeded"),)

RULES: dict[int, tuple[Rule, ...]] = {
    400: (("DimensionMismatchError", (("dimension",),)), ("ValidationError", ANY)),
    401: (("InvalidCredentialsError", ANY),),
    403: (("CapacityExceededError", CAPACITY), ("PermissionDeniedError", ANY)),
    404: (
        ("ValidationError", (("vector space",),)),
        ("CollectionNotFoundError", (("collection",),)),
        ("PointNotFoundError", ANY),
    ),
    408: (("TimeoutError", ANY),),
    409: (
        (
            "RebuildInProgressError",
            (("rebuild already in progress", "compaction is already in progress"),),
        ),
        ("CollectionExistsError", ANY),
    ),
    412: (
        ("CollectionClosedError", (("is closed",),)),
        ("CollectionNotFoundError", (("is deleted", "deleted collection"),)),
        ("CollectionNotReadyError", (("engine",), ("nullptr", "not initialized"))),
        ("IndexError", (("not trained",),)),
        ("VectorAIError", ANY),
    ),
    422: (("ValidationError", ANY),),
    429: (("RateLimitError", ANY),),
    501: (("UnimplementedError", ANY),),
    502: (("ConnectionError", ANY),),
    503: (("ConnectionError", ANY),),
    504: (("TimeoutError", ANY),),
}
OTHERS: tuple[Rule, ...] = (("ServerError", ANY),)


def raised(status: int, body: Any) -> str:
    """The exception for an answer of this status, 400 or above."""
    text = words(body).lower()
    return next(
        name
        for name, needed in RULES.get(status, OTHERS)
        if all(any(word in text for word in some) for some in needed)
    )


def words(body: Any) -> str:
    """The message that the client shows: the first of the places where it looks for one."""
    match body:
        case {"message": str(text)} | {"error": str(text)}:
            return text
        case {"status": {"error": str(text)}} | {"status": {"message": str(text)}}:
            return text
        case _:
            return str(body)
