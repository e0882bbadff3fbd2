"""What can go wrong in the database, in the words of this service.

Two kinds of answers: errors for the caller (``core/errors.py``), and reasons to redo an operation,
which the engine takes care of. What is neither is a fault of our own and stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import errors

from service.core.errors import Conflict, InvalidRequest, StorageFull, TooSlow, Unavailable


class Stale(Exception):
    """What was known of the namespace is no longer so: read the catalog again and redo."""


class Busy(Unavailable):
    """A lock was not had in time: redo."""


class Contended(Busy):
    """Another writer was at the same documents: redo, and keep the others out this time."""


def stale(_: psycopg.Error) -> Exception:
    return Stale()


def contended(_: psycopg.Error) -> Exception:
    return Contended("the namespace is busy with other writes")


def refused_value(error: psycopg.Error) -> Exception:
    reason = error.diag.message_primary or str(error)
    return InvalidRequest(f"💔 the database refused a value: {reason}")


def lacks_right(error: psycopg.Error) -> Exception:
    return Unavailable(f"the service's role lacks a right: {error.diag.message_primary}")


def refused_by_constraint(error: psycopg.Error) -> Exception:
    name = error.diag.constraint_name
    return Conflict(f"💔 the constraint {name!r} of the table refuses this write")


def saying(kind: type[Exception], message: str) -> Callable[[psycopg.Error], Exception]:
    return lambda _: kind(message)


# by the class of the exception; the first that fits counts, so subclasses stand before their bases
BY_CLASS: tuple[tuple[type[psycopg.Error], Callable[[psycopg.Error], Exception]], ...] = (
    (errors.DeadlockDetected, contended),
    (errors.SerializationFailure, contended),
    (errors.UniqueViolation, contended),
    (errors.IntegrityError, refused_by_constraint),
    (errors.LockNotAvailable, saying(Busy, "the namespace is busy with other changes")),
    # compiled for a table that was dropped, altered or made anew meanwhile
    (errors.UndefinedTable, stale),
    (errors.UndefinedColumn, stale),
    (errors.UndefinedFunction, stale),
    (errors.DatatypeMismatch, stale),
    (errors.DuplicateTable, saying(Conflict, "💔 the name is taken by a table of somebody else")),
    (
        errors.DependentObjectsStillExist,
        saying(Conflict, "💔 something of somebody else, such as a view, depends on the table"),
    ),
    (errors.InsufficientPrivilege, lacks_right),
    (
        errors.QueryCanceled,
        saying(TooSlow, "the database gave the statement up: it took longer than the timeout"),
    ),
    (errors.DiskFull, saying(StorageFull, "the database has no room left")),
    (errors.ReadOnlySqlTransaction, saying(Unavailable, "the database takes no writes at present")),
)
# by the function of PostgreSQL that raised it, where the class says too little: messages are
# translated, names of functions are not
BY_FUNCTION = {"RevalidateCachedQuery": stale, "relation_open": stale}
UNREACHABLE = ("08", "53", "57")
REFUSED_VALUES = ("22", "54")


def translated(error: psycopg.Error) -> Exception:
    """The error in the words of this service; one that is our own fault stays what it is."""
    for kind, translate in BY_CLASS:
        if isinstance(error, kind):
            return translate(error)
    function = error.diag.source_function or ""
    if function in BY_FUNCTION:
        return BY_FUNCTION[function](error)
    state = error.sqlstate
    if state is None:
        return translated_by_psycopg(error)
    if state[:2] in UNREACHABLE:
        return Unavailable("the database cannot be reached at present")
    return refused_value(error) if state[:2] in REFUSED_VALUES else error


def translated_by_psycopg(error: psycopg.Error) -> Exception:
    """For errors that psycopg raises itself: a lost connection, a value that cannot be sent."""
    if isinstance(error, psycopg.OperationalError):
        return Unavailable("the database cannot be reached at present")
    return refused_value(error) if isinstance(error, psycopg.DataError) else error
