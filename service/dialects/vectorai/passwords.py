"""The administrator's password (section 14): which ones are accepted, and what is kept of them."""

from __future__ import annotations

import string
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.core.errors import InvalidRequest

USERNAME = "admin"
MIN_BYTES = 12
MAX_BYTES = 4096
SPACE = " \t\n\r\v\f"
CLASSES = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
    string.punctuation,
)
# what OWASP recommends where memory counts: 19 MiB for each password that is looked at
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_A_TIME = BoundedSemaphore(2)


def check_policy(field: str, password: str) -> None:
    """Raises ``InvalidRequest`` for a password that is too easily guessed.

    Space around it does not count here, but belongs to it.
    """
    trimmed = password.strip(SPACE)
    if not trimmed:
        raise missing(field)
    # before the length, which no spelling of the name reaches
    if trimmed.lower() == USERNAME:
        raise InvalidRequest("Password must not match the username")
    if len(trimmed.encode()) < MIN_BYTES:
        raise InvalidRequest(f"Password must be at least {MIN_BYTES} characters long")
    if not all(any(char in kind for char in trimmed) for kind in CLASSES):
        raise InvalidRequest(
            "Password must include uppercase, lowercase, digit, and special characters"
        )
    if len(password.encode()) > MAX_BYTES:
        raise InvalidRequest(f"Password must be at most {MAX_BYTES} bytes long")


def missing(field: str) -> InvalidRequest:
    return InvalidRequest(f"Missing required field: {field}")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with AT_A_TIME:
        return HASHER.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether this is the password of which ``kept`` is kept."""
    if len(password.encode()) > MAX_BYTES:
        return False
    try:
        with AT_A_TIME:
            return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
