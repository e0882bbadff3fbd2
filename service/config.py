"""The settings of a process: read once at its start, checked, and frozen.

The only module that looks at ``os.environ``. It opens nothing and connects to nothing. A wrong
value is a ``ConfigError`` of one sentence that names the variable, the value and what is expected;
what may be secret (keys; the passwords in database URLs) is named but not repeated.
"""

import ipaddress
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from environs import Env

from service.core.errors import ServiceError
from service.core.index_settings import IndexSettings

MIB = 1024 * 1024
LOG_LEVELS = ("debug", "info", "warning", "error")


class ConfigError(ServiceError):
    """A setting is wrong, or two of them do not go together."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment and the field of ``Config`` that it fills."""

    field: str
    variable: str
    default: Any
    parse: Callable[[str], Any]
    expected: str
    secret: bool = False

    def read(self, env: Env, override: object) -> Any:
        # An empty variable counts as unset: that is what `VARIABLE=` in a compose file means.
        text = str(override) if override is not None else env.str(self.variable, "").strip()
        if not text:
            return self.default
        try:
            return self.parse(text)
        except ValueError:
            shown = "something else (not shown: it may be secret)" if self.secret else repr(text)
            message = f"{self.variable} must be {self.expected}, but it is {shown}."
            raise ConfigError(message) from None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a process of the service may be told from outside."""

    database_url: str | None
    maintenance_database_url: str | None
    schema: str
    api_keys: tuple[str, ...]
    host: str
    port: int
    data_dir: Path
    workers: int
    threads: int
    pool_timeout: float
    statement_timeout: float
    max_write_bytes: int
    max_body_bytes: int
    seal_rows: int
    max_unindexed: int
    recall_target: float
    build_memory: int
    build_workers: int
    snapshot_dir: Path | None
    max_snapshot_bytes: int
    jwt_secret: str | None
    log_level: str

    @classmethod
    def from_env(cls, **overrides: object) -> Self:
        """Read the environment; an override that is not None wins over it."""
        env = Env()
        values = {s.field: s.read(env, overrides.get(s.field)) for s in SETTINGS}
        values["maintenance_database_url"] = (
            values["maintenance_database_url"] or values["database_url"]
        )
        return cls(**values)

    @property
    def index_settings(self) -> IndexSettings:
        """How namespaces are indexed that have no settings of their own."""
        return IndexSettings(
            seal_rows=self.seal_rows,
            max_unindexed=self.max_unindexed,
            recall_target=self.recall_target,
        )

    @property
    def connections(self) -> int:
        """How many database connections the web processes may hold.

        One for every thread, and in every process one for what runs behind the requests.
        """
        return self.workers * (self.threads + 1)

    def check_exposure(self) -> None:
        """Refuse to be reachable from other machines without keys."""
        if not self.api_keys and not is_loopback(self.host):
            raise ConfigError(exposed(self.host))

    def child_environment(self) -> dict[str, str]:
        """The environment of a child process that is to come to this same configuration."""
        ours: dict[str, object] = {s.variable: getattr(self, s.field) for s in SETTINGS}
        ours["VECTABLE_API_KEYS"] = ",".join(self.api_keys) or None
        return {**os.environ, **{name: str(v) for name, v in ours.items() if v is not None}}


def exposed(host: str) -> str:
    return (
        f"Without VECTABLE_API_KEYS the server answers on loopback only, but HOST is {host!r}: "
        "set VECTABLE_API_KEYS, or bind 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; names are not looked up."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return parse


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return parse


def _seconds(text: str) -> float:
    if not math.isfinite(value := float(text)) or not 0 < value <= 86_400:
        raise ValueError
    return value


def _share(text: str) -> float:
    if not 0.5 <= (value := float(text)) <= 1.0:
        raise ValueError
    return value


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key for part in text.split(",") if (key := part.strip()))
    # Anything else cannot be sent in a header. "," holds no key at all: who wrote it believes
    # the server to be protected.
    if not keys or not all(re.fullmatch(r"[!-~]+", key) for key in keys):
        raise ValueError
    return keys


def _level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError
    return text.lower()


_url = _matching(r"postgres(ql)?://\S*")
_URL = "a URL that starts with postgresql:// or postgres://"
_SECONDS = "a number of seconds above 0 and at most 86400"
_BYTES = "a whole number of bytes from 1024 to 1099511627776"
_MEMORY = "a whole number of bytes from 67108864 to 1099511627776"

SETTINGS = (
    Setting("database_url", "DATABASE_URL", None, _url, _URL, secret=True),
    Setting("maintenance_database_url", "MAINTENANCE_DATABASE_URL", None, _url, _URL, secret=True),
    # 41 characters leave room for "_segments" within PostgreSQL's 63 bytes.
    Setting(
        "schema",
        "VECTABLE_SCHEMA",
        "vectable",
        _matching(r"[a-z_][a-z0-9_]{0,40}"),
        "a lower-case name of at most 41 letters, digits and underscores",
    ),
    Setting(
        "api_keys",
        "VECTABLE_API_KEYS",
        (),
        _keys,
        "keys of printable ASCII without spaces, separated by commas",
        secret=True,
    ),
    Setting(
        "host", "HOST", "127.0.0.1", _matching(r"[A-Za-z0-9.:%_\[\]-]+"), "a host name or address"
    ),
    Setting("port", "PORT", 8080, _whole(0, 65_535), "a port from 0 to 65535 (0: any free one)"),
    Setting("data_dir", "VECTABLE_DATA_DIR", Path(".data"), Path, "a folder"),
    Setting("workers", "WEB_CONCURRENCY", 2, _whole(1, 256), "a whole number from 1 to 256"),
    Setting("threads", "VECTABLE_THREADS", 8, _whole(1, 256), "a whole number from 1 to 256"),
    Setting("pool_timeout", "VECTABLE_POOL_TIMEOUT", 5.0, _seconds, _SECONDS),
    Setting("statement_timeout", "VECTABLE_STATEMENT_TIMEOUT", 60.0, _seconds, _SECONDS),
    Setting(
        "max_write_bytes", "VECTABLE_MAX_WRITE_BYTES", 256 * MIB, _whole(1024, MIB * MIB), _BYTES
    ),
    Setting("max_body_bytes", "VECTABLE_MAX_BODY_BYTES", 4 * MIB, _whole(1024, MIB * MIB), _BYTES),
    Setting(
        "seal_rows",
        "VECTABLE_SEAL_ROWS",
        2_000,
        _whole(100, 1_000_000),
        "a whole number from 100 to 1000000",
    ),
    Setting(
        "max_unindexed",
        "VECTABLE_MAX_UNINDEXED",
        100_000,
        _whole(1_000, 10**9),
        "a whole number from 1000 to 1000000000",
    ),
    Setting("recall_target", "VECTABLE_RECALL_TARGET", 0.95, _share, "a number from 0.5 to 1"),
    Setting(
        "build_memory", "VECTABLE_BUILD_MEMORY", 1024 * MIB, _whole(64 * MIB, MIB * MIB), _MEMORY
    ),
    Setting(
        "build_workers", "VECTABLE_BUILD_WORKERS", 1, _whole(0, 64), "a whole number from 0 to 64"
    ),
    Setting("snapshot_dir", "VECTABLE_SNAPSHOT_DIR", None, Path, "a folder"),
    Setting(
        "max_snapshot_bytes",
        "VECTABLE_MAX_SNAPSHOT_BYTES",
        64 * 1024 * MIB,
        _whole(1024, MIB * MIB),
        _BYTES,
    ),
    Setting(
        "jwt_secret",
        "VECTABLE_JWT_SECRET",
        None,
        _matching(r"\S{32,}"),
        "at least 32 characters without spaces",
        secret=True,
    ),
    Setting("log_level", "VECTABLE_LOG_LEVEL", "info", _level, "one of " + ", ".join(LOG_LEVELS)),
)
