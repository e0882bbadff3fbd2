"""The tokens that an administrator gets for the password (JWT): signed here, and read again.

A token says which password it was given for. Whether that is still the one is asked elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

ALGORITHM = "HS256"
LIFETIME = 3600
ISSUER = "vectable"
SUBJECT = "admin"
# which administrator, with which password
GENERATION = "gen"
REQUIRED = ["iss", "sub", "iat", "exp", GENERATION]


def issue(secret: bytes, generation: UUID) -> str:
    """A token that is good for ``LIFETIME`` seconds."""
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "iat": now,
        "exp": now + timedelta(seconds=LIFETIME),
        GENERATION: str(generation),
    }
    # what else a key may be comes from a library that is not here
    return jwt.encode(claims, secret, algorithm=ALGORITHM)  # pyright: ignore[reportUnknownMemberType]


def may_be_token(text: str) -> bool:
    """Whether the text has the form of a token; all else need not be read."""
    return text.count(".") == 2 and len(text) < 4096


def read(secret: bytes, token: str) -> UUID | None:
    """The generation that the token was given to; None for one that is not ours, or too old."""
    try:
        claims = jwt.decode(  # pyright: ignore[reportUnknownMemberType] (as above)
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            subject=SUBJECT,
            options={"require": REQUIRED},
        )
        return UUID(str(claims[GENERATION]))
    except (jwt.InvalidTokenError, ValueError):
        return None
