"""What a request needs, and whether its sender has it: the one place that decides.

Every view says what it needs, with ``needs`` or ``open_to_all``; one that says nothing needs ADMIN.
A view whose address names a namespace is checked for that name, before anybody looks whether it
exists. Any other needs a key for all names, unless it says ``checks_names`` and does so itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Flask, current_app, g, request

from service.core.errors import Forbidden
from service.core.permissions import EVERYTHING, NOTHING, Grant, Permission
from service.engine.administering import Administrator
from service.web import origins
from service.web.auth import Authenticator

EXTENSION = "vectable_access"
NEED = "vectable_need"
CHECKS_NAMES = "vectable_checks_names"
# arguments of views that are names of namespaces
NAMES = ("namespace", "collection")
# where a server is reached without keys there is nobody to administrate it by a token
KEYLESS = Grant(EVERYTHING & ~Permission.OWNER)
# set by proxies: what comes through one may come from anywhere
PROXIED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)

View = TypeVar("View", bound=Callable[..., Any])


def needs(permission: Permission) -> Callable[[View], View]:
    """Declares what a view needs."""

    def declare(view: View) -> View:
        setattr(view, NEED, permission)
        return view

    return declare


def open_to_all(view: View) -> View:
    """Declares that a view answers everybody."""
    setattr(view, NEED, None)
    return view


def checks_names(view: View) -> View:
    """Declares that a view asks ``grant()`` about each name that it reads, changes or shows."""
    setattr(view, CHECKS_NAMES, True)
    return view


def is_declared(view: Callable[..., Any]) -> bool:
    return hasattr(view, NEED)


def need_of(view: Callable[..., Any]) -> Permission | None:
    """What the view needs; None: it is open to all."""
    return cast(Permission | None, getattr(view, NEED, Permission.ADMIN))


class Gate:
    """Lets requests in or refuses them."""

    def __init__(
        self, authenticator: Authenticator, administrator: Administrator, *, loopback: bool
    ) -> None:
        self._authenticator = authenticator
        self._administrator = administrator
        self._loopback = loopback

    @property
    def always_closed(self) -> str | None:
        """Why this server asks for keys whatever is switched on or off; None when it does not."""
        if self._authenticator.has_static_keys:
            return "the server has keys in its settings (VECTABLE_API_KEYS)"
        if not self._loopback:
            return "the server can be reached from other machines"
        return None

    def asks_for_keys(self) -> bool:
        return self.always_closed is not None or self._administrator.enabled()

    def asks_now(self) -> bool:
        """``asks_for_keys`` where an answer depends on nothing else, so that it must be of now."""
        return self.always_closed is not None or self._administrator.asks_now()

    def is_local(self) -> bool:
        """Whether the request comes from this machine, to a server that asks nobody for keys."""
        headers = request.environ
        if self.asks_now() or any(header in headers for header in PROXIED):
            return False
        try:
            origins.check()
        except Forbidden:
            return False
        # empty for a unix socket, which a proxy may be at the other end of
        return bool(headers.get("REMOTE_ADDR"))

    def issue_token(self, generation: UUID) -> str:
        """A token for an administrator who has just given the password."""
        return self._authenticator.issue_token(generation)

    def let_in(self) -> None:
        """Decide about the current request.

        Raises:
            Unauthenticated, Forbidden: when it is refused.
        """
        view = self._view()
        need = NOTHING if view is None else need_of(view)
        if need is None:
            self._check_page()
            return
        closed = self.asks_for_keys()
        if not closed:
            origins.check()
        if closed or Permission.OWNER in need:
            g.vectable_grant = self._authenticated(view, need)
        else:
            g.vectable_grant = KEYLESS

    def _authenticated(self, view: Callable[..., Any] | None, need: Permission) -> Grant:
        sender = self._authenticator.authenticate()
        sender.check(need)
        if view is not None:
            check_names(sender, view)
        return sender

    def _check_page(self) -> None:
        """Keep web pages out of what is open to all, where nobody needs a key.

        The database is asked last: that a server lives is said without one.
        """
        if self.always_closed is not None:
            return
        try:
            origins.check()
        except Forbidden:
            if not self._administrator.enabled():
                raise

    def _view(self) -> Callable[..., Any] | None:
        """The view of the request; None when there is none, which only who has a key is told."""
        rule = request.url_rule
        return None if rule is None else current_app.view_functions[rule.endpoint]


def check_names(sender: Grant, view: Callable[..., Any]) -> None:
    """Hold the names in the address against those that the sender's key is for."""
    arguments = request.view_args or {}
    names = [str(arguments[name]) for name in NAMES if name in arguments]
    for name in names:
        sender.check_namespace(name)
    if not names and not hasattr(view, CHECKS_NAMES):
        sender.check_all()


def install(app: Flask, gate: Gate) -> None:
    """Have every request of the application judged."""
    app.extensions[EXTENSION] = gate
    app.before_request(gate.let_in)


def gate() -> Gate:
    return cast(Gate, current_app.extensions[EXTENSION])


def grant() -> Grant:
    """What the sender of the current request may do; for names that stand in its body."""
    # an application without a gate asks nobody
    return cast(Grant, g.vectable_grant) if EXTENSION in current_app.extensions else KEYLESS


def check_source(name: str) -> None:
    """Raises ``Forbidden`` unless the sender may read a namespace that the body names."""
    sender = grant()
    sender.check(Permission.READ)
    sender.check_namespace(name)
