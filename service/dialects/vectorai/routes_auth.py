"""The routes of the administrator (section 14): made, logged in, and what it may switch."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from service.core.errors import Forbidden, NotFound
from service.core.permissions import Permission
from service.dialects.vectorai import auth_answers, envelope, passwords, routes_keys
from service.dialects.vectorai.attempts import Attempts
from service.dialects.vectorai.auth_bodies import read_enabled, read_passwords
from service.engine.administering import Administrator
from service.web.access import gate, needs, open_to_all
from service.web.auth import presented
from service.web.context import engine

EXTENSION = "vectable_attempts"
NO_USER = "User not found"


def blueprint() -> Blueprint:
    """All routes below ``/auth``."""
    bp = Blueprint("vectorai_auth", __name__, url_prefix="/auth")
    auth_answers.install(bp)
    bp.before_request(envelope.start)
    bp.record_once(remember_attempts)
    for rule, view, methods in (*ROUTES, *routes_keys.ROUTES):
        bp.add_url_rule(rule, f"{view.__name__}:{rule}", view, methods=methods)
    return bp


def remember_attempts(setup: BlueprintSetupState) -> None:
    setup.app.extensions[EXTENSION] = Attempts()


def attempts() -> Attempts:
    return cast(Attempts, current_app.extensions[EXTENSION])


def administrator() -> Administrator:
    return engine().administrator


def address() -> str:
    return request.environ.get("REMOTE_ADDR", "")


@open_to_all
def admin_exists() -> Response:
    return auth_answers.state(administrator().find() is not None)


@open_to_all
def create_admin() -> Response:
    if administrator().find() is not None:
        return exists()
    local = gate().is_local()
    token = presented().decode("latin-1")
    if not local and not token:
        raise Forbidden(
            "The administrator is created on the server's own machine while no keys are asked for, "
            "or with the token that 'vectable admin-token' prints"
        )
    (password,) = read_passwords("password")
    passwords.check_policy("password", password)
    made = create_locally(password) if local else create_with_token(password, token)
    return auth_answers.done("User registered successfully") if made else exists()


def create_locally(password: str) -> bool:
    return administrator().create(passwords.hashed(password))


def create_with_token(password: str, token: str) -> bool:
    attempts().begin(address())
    made = administrator().create_with_token(passwords.hashed(password), token)
    attempts().succeed(address())
    return made


def exists() -> Response:
    # the status with which the official client takes this for what it is (section 16, item 11)
    return auth_answers.failed("Username already exists", 200)


@needs(Permission.OWNER)
def delete_admin() -> Response:
    if not administrator().delete():
        raise NotFound(NO_USER)
    return auth_answers.done("User deleted successfully")


@open_to_all
def login() -> Response:
    (password,) = read_passwords("password")
    attempts().begin(address())
    admin = administrator().find()
    if admin is None or not passwords.fits(admin.password_hash, password):
        return auth_answers.not_logged_in()
    attempts().succeed(address())
    return auth_answers.logged_in(gate().issue_token(admin.generation))


@open_to_all
def reset_password() -> Response:
    old, new = read_passwords("old_password", "new_password")
    passwords.check_policy("new_password", new)
    admin = administrator().find()
    if admin is None:
        raise NotFound(NO_USER)
    attempts().begin(address())
    if not passwords.fits(admin.password_hash, old):
        raise auth_answers.WrongPassword
    if not administrator().change_password(admin, passwords.hashed(new)):
        # somebody else has changed it meanwhile
        raise auth_answers.WrongPassword
    attempts().succeed(address())
    return auth_answers.done("Password reset successfully")


@needs(Permission.OWNER)
def is_enabled() -> Response:
    return auth_answers.state(gate().asks_now())


@needs(Permission.OWNER)
def set_enabled() -> Response:
    enabled = read_enabled()
    reason = gate().always_closed
    if not enabled and reason is not None:
        raise Forbidden(f"Authentication cannot be switched off: {reason}")
    administrator().set_enabled(enabled)
    return auth_answers.state(gate().asks_now())


ROUTES: tuple[routes_keys.Route, ...] = (
    ("/admin/exists", admin_exists, ["GET"]),
    ("/admin", create_admin, ["POST"]),
    ("/admin", delete_admin, ["DELETE"]),
    ("/admin/login", login, ["POST"]),
    ("/admin/reset-password", reset_password, ["POST"]),
    ("/enabled", is_enabled, ["GET"]),
    ("/enabled", set_enabled, ["PATCH"]),
)
