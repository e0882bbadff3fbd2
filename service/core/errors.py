"""What can go wrong, in the words of the domain.

Every error that a caller may see is one of these. The message is a whole sentence that names the
thing at fault; it never holds SQL. Which HTTP status a class becomes is decided in
``service/web/errors.py``.
"""


class ServiceError(Exception):
    """Base of all errors whose message is meant for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(ServiceError):
    """The request can be read but asks for something impossible."""


class MalformedRequest(InvalidRequest):
    """The body is JSON, but not of the shape that the operation takes."""


class WrongLength(InvalidRequest):
    """A vector is longer or shorter than those of its column."""

    def __init__(self, message: str, column: str, expected: int, got: int) -> None:
        super().__init__(message)
        self.column, self.expected, self.got = column, expected, got


class UnknownVector(InvalidRequest):
    """The namespace has no vectors of this name."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class UnfitId(InvalidRequest):
    """An id is none that documents of this namespace can have."""

    def __init__(self, identity: object) -> None:
        super().__init__(f"{str(identity)[:64]!r} is no id of a document here")
        self.id = identity


class InvalidAddress(ServiceError):
    """The URL itself is wrong: answered as plain text, before any JSON."""


class Unauthenticated(ServiceError):
    """No key, or one that is not known."""


class Forbidden(ServiceError):
    """Who asks may not do this."""


class NotFound(ServiceError):
    """What the request names does not exist."""


class NamespaceNotFound(NotFound):
    """No namespace has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"🤷 namespace '{name}' was not found")
        self.name = name


class DocumentNotFound(NotFound):
    """The namespace has no document with this id."""

    def __init__(self, identity: object) -> None:
        super().__init__(f"no document with id {identity} was found")
        self.id = identity


class Conflict(ServiceError):
    """The request is right by itself, but not in the present state."""


class NamespaceExists(Conflict):
    """The name is taken, by a namespace or an alias."""

    def __init__(self, name: str) -> None:
        super().__init__(f"💔 namespace '{name}' exists already")
        self.name = name


class Closed(ServiceError):
    """The namespace is closed: it has to be opened before its documents can be used."""

    def __init__(self, name: str) -> None:
        super().__init__(f"💔 namespace '{name}' is closed; open it to resume access")
        self.name = name


class TooLarge(ServiceError):
    """The request is larger than a limit allows."""


class TooSlow(ServiceError):
    """The database gave up on the statement after the statement timeout."""


class TooManyRequests(ServiceError):
    """More is asked than can be taken at present; try again after ``retry_after`` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ServiceError):
    """The database cannot be reached or is too busy; try again after ``retry_after`` seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageFull(ServiceError):
    """The database has no room left for writes."""
