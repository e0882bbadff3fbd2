"""``vectable keys``: keys of applications on the command line.

A secret is all that is printed on stdout where there is one, so that scripts can take it; what is
to be known of it goes to stderr.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from service.command_database import opened
from service.config import Config
from service.core.errors import InvalidRequest
from service.core.keys import ApiKey, IssuedKey, KeyRequest
from service.core.permissions import ANY_NAMESPACE, parse_permissions

if TYPE_CHECKING:
    from service.engine.keys import Keys
    from service.storage.pool import Database

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
TITLES = ("name", "secret", "permissions", "namespaces", "created", "expires", "last used")


@click.group()
def keys() -> None:
    """Keys of applications: create, list, rotate, revoke."""


@keys.command()
@click.option("--name", required=True, help="What the key is called; no other may have the name.")
@click.option("--permissions", required=True, help="Some of read, write and admin, with commas.")
@click.option(
    "--namespaces",
    multiple=True,
    help="Pattern of the namespaces that it is for, such as 'team-*'; may be repeated (all).",
)
@click.option("--description", default="", help="What it is for.")
@click.option("--expires", help="After which time it expires: 30d, 12h, 90m or 45s (never).")
def create(
    name: str, permissions: str, namespaces: tuple[str, ...], description: str, expires: str | None
) -> None:
    """Make a key and print its secret, which is shown this once."""
    request = KeyRequest(
        name=name,
        permissions=parse_permissions(permissions),
        description=description,
        namespaces=namespaces or ANY_NAMESPACE,
        lifetime=None if expires is None else seconds(expires),
    )
    with opened(Config.from_env()) as database:
        show_secret(keys_of(database).create(request))


@keys.command("list")
def list_all() -> None:
    """List the keys that are not revoked."""
    with opened(Config.from_env()) as database:
        rows = [TITLES, *(row(key) for key in keys_of(database).list_all())]
    widths = [max(len(line[column]) for line in rows) for column in range(len(TITLES))]
    for line in rows:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@keys.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Give a key another secret; the one before stops working within two seconds."""
    with opened(Config.from_env()) as database:
        known = keys_of(database)
        show_secret(known.rotate(known.named(name).id))


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """End a key for good, within two seconds."""
    with opened(Config.from_env()) as database:
        known = keys_of(database)
        known.revoke(known.named(name).id)
    click.echo(f"Revoked {name}.")


def keys_of(database: Database) -> Keys:
    from service.engine.keys import Keys

    return Keys(database)


def seconds(text: str) -> int:
    """A time such as ``30d``."""
    match = re.fullmatch(r"([0-9]{1,10})([smhd])", text.strip(), re.ASCII)
    if match is None:
        raise InvalidRequest(f"--expires is a number with s, m, h or d behind it, not {text!r}")
    return int(match[1]) * SECONDS[match[2]]


def show_secret(issued: IssuedKey) -> None:
    key = issued.key
    click.echo(
        f"Key {key.name} ({key.permission} on {', '.join(key.namespaces)}; "
        f"expires: {moment(key.expires_at)}). Its secret is not shown again:",
        err=True,
    )
    click.echo(issued.secret)


def row(key: ApiKey) -> tuple[str, ...]:
    return (
        key.name,
        f"{key.prefix}…",
        key.permission,
        ", ".join(key.namespaces),
        moment(key.created_at),
        "expired" if key.expired else moment(key.expires_at),
        moment(key.last_used_at),
    )


def moment(time: datetime | None) -> str:
    return "never" if time is None else time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
