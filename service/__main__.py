"""The command ``vectable``: reads the command line, calls what does the work, reports errors.

An error is one line on stderr and exit code 1, never a traceback. No logic of its own.
"""

import logging
import signal
import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any

import click
import psycopg

from service.command_database import database_url, opened
from service.config import Config
from service.core.errors import ServiceError
from service.key_commands import keys


def _version() -> str:
    try:
        return version("vectable")
    except PackageNotFoundError:
        return "(not installed)"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="vectable")
def commands() -> None:
    """Vector search over HTTP, on PostgreSQL."""


@commands.command()
@click.option("--host", help="Address to listen on (HOST; 127.0.0.1).")
@click.option("--port", help="Port to listen on, 0 for any free one (PORT; 8080).")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder of the embedded PostgreSQL (VECTABLE_DATA_DIR; .data).",
)
@click.option("--workers", help="Web processes (WEB_CONCURRENCY; 2).")
@click.option("--threads", help="Threads of each (VECTABLE_THREADS; 8).")
def serve(**options: Any) -> None:
    """Run everything: migrations, web server and indexer.

    On the database of DATABASE_URL, or on an embedded PostgreSQL when that is not set.
    """
    from service.supervisor import serve

    config = Config.from_env(**options)
    config.check_exposure()
    serve(config)


@commands.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL up to date."""
    from service.storage.migrations import migrate

    config = Config.from_env()
    applied = migrate(database_url(config), config.schema)
    click.echo(f"Applied {', '.join(applied)}." if applied else "Nothing to apply.")


@commands.command()
def worker() -> None:
    """Run the indexer on the database of DATABASE_URL."""
    from service.indexer import run

    config = Config.from_env()
    database_url(config)
    logging.getLogger().setLevel(config.log_level.upper())
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    run(config, stop)


@commands.command()
def admin_token() -> None:
    """Print a token with which the administrator can be created, once, within an hour."""
    from service.engine.administering import Administrator

    with opened(Config.from_env()) as database:
        click.echo(Administrator(database).issue_token())


commands.add_command(keys)


def main() -> None:
    # Dependencies log what is wrong or unusual; `vectable serve` has its own words for the rest.
    logging.basicConfig(level=logging.WARNING, format="vectable: %(message)s", stream=sys.stderr)
    try:
        commands(prog_name="vectable")
    except ServiceError as error:
        _fail(error.message)
    except psycopg.Error as error:
        _fail(f"The database cannot be used: {error}")
    except OSError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str) -> None:
    click.echo(f"vectable: {' '.join(message.split())}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
