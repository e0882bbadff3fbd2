"""The embedded PostgreSQL of ``vectable serve`` and of the tests: one server in one data folder.

Takes only the programs from the wheel and starts them itself. The wheel's own ``PostgresServer``
gives up on a crash recovery of more than ten seconds, shares one lock file between all users of a
machine, lets everybody read the folders above the data when it runs as root, and keeps the server
for as long as any process of a list in a file lives. Here the server is a child of the process that
enters ``EmbeddedServer``, and who holds the lock of the folder owns it. It runs no SQL.
"""

import fcntl
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self, TextIO
from urllib.parse import quote

from service import cluster as setup
from service.cluster import Account, EmbeddedError
from service.processes import ending_with_us, wait_until

_log = logging.getLogger(__name__)


class EmbeddedServer:
    """A running PostgreSQL: enter it, in the main thread, to start it; leave it to stop it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.cluster = self.data_dir / "postgres"
        self.log = self.data_dir / "postgres.log"
        self._sockets = self.cluster
        self._lock: TextIO | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        folder = quote(str(self._sockets), safe="/")
        return f"postgresql://postgres@/postgres?host={folder}&port=5432"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        try:
            self._start()
        except OSError as error:
            self.stop()
            what = f"{error.strerror} ({error.filename})" if error.filename else str(error)
            raise EmbeddedError(
                f"The data folder {self.data_dir} cannot be used: {what}."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self, seconds: float = 30.0) -> None:
        """Stop in order; what takes longer is cut off, and the next start recovers it."""
        if self._process is not None:
            for how, patience in ((signal.SIGINT, max(seconds - 1, 0.5)), (signal.SIGQUIT, 1.0)):
                if self.alive:
                    self._process.send_signal(how)
                    wait_until(lambda: not self.alive, patience)
            self._process = None
        if self._sockets != self.cluster:
            shutil.rmtree(self._sockets, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(self.data_dir)
        account = setup.account_for(self.cluster)
        programs = setup.find_programs(account)
        setup.let_pass(account, self.cluster)
        if not (self.cluster / "PG_VERSION").exists():
            setup.initialise(self.cluster, programs, account)
        setup.check_version(self.cluster, programs, account)
        _end_leftover(self.cluster)
        self._sockets = _socket_folder(self.cluster, account)
        setup.write_settings(self.cluster, self._sockets)
        if self.log.exists() and self.log.stat().st_size > 16 * setup.MIB:
            self.log.replace(self.log.with_name("postgres.log.old"))
        self._launch(programs / "postgres", account)

    def _launch(self, program: Path, account: Account) -> None:
        # Backends of a server that was killed go when they notice it; until then their shared
        # memory is in the way, and the new server gives up at once.
        give_up = time.monotonic() + 10
        while (reason := self._try_launch(program, account)) is not None:
            if "shared memory block" not in reason or time.monotonic() > give_up:
                raise EmbeddedError(f"PostgreSQL did not start: {reason} (its log: {self.log}).")
            time.sleep(0.2)

    def _try_launch(self, program: Path, account: Account) -> str | None:
        with self.log.open("ab") as log:
            before = log.tell()
            # A session of its own: Ctrl-C at a terminal goes to every process of the foreground
            # group, and the database has to outlive the web processes.
            self._process = subprocess.Popen[bytes](
                [*ending_with_us(signal.SIGINT), program, "-D", self.cluster],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=setup.ENVIRONMENT,
                **account.popen(),
            )
        # However long it takes: recovery after a crash is work that has to be done.
        if not wait_until(self._settled, 5):
            _log.warning("PostgreSQL is recovering %s after a crash, please wait", self.cluster)
            wait_until(self._settled, None)
        return None if self.alive else _last_words(self.log, before)

    def _settled(self) -> bool:
        """Whether the server is ready or gone."""
        lines = _postmaster_lines(self.cluster)
        ours = self._process is not None and lines[:1] == [str(self._process.pid)]
        return not self.alive or (ours and lines[7:8] == ["ready"])


def _take_lock(data_dir: Path) -> TextIO:
    lock = (data_dir / "lock").open("a+", encoding="utf-8")
    try:
        # The kernel takes it back when the owner dies, however that happens.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise EmbeddedError(
            f"Another vectable (process {owner}) already serves the data folder {data_dir}: "
            "stop it, or choose another folder with --data-dir."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _postmaster_lines(cluster: Path) -> list[str]:
    try:
        text = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _end_leftover(cluster: Path) -> None:
    """Stop a server that outlived its owner; remove the file of one that is gone.

    We hold the lock, so what still runs here has no owner. It is stopped and started again rather
    than kept: a server is always our child, has our settings and goes when we go.
    """
    lines = _postmaster_lines(cluster)
    pid = int(lines[0]) if lines and lines[0].isdecimal() else 0
    for how, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10)):
        if _serves(pid, cluster):
            _log.warning("stopping the PostgreSQL (process %d) of a killed vectable", pid)
            os.kill(pid, how)
            wait_until(lambda: not _serves(pid, cluster), patience)
    if _serves(pid, cluster):
        raise EmbeddedError(f"A PostgreSQL (process {pid}) in {cluster} does not stop: end it.")
    # The number may be somebody else's by now (in a container it usually is), and PostgreSQL
    # would take that process for a server of this folder.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    (cluster / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        running = process.status() != psutil.STATUS_ZOMBIE
        return running and process.name() == "postgres" and process.cwd() == str(cluster)
    except psutil.Error:
        return False


def _socket_folder(cluster: Path, account: Account) -> Path:
    """The cluster itself, unless its path is too long for a socket or libpq would split it."""
    if re.fullmatch(r"[A-Za-z0-9/._-]{1,85}", str(cluster)):
        return cluster
    folder = Path(tempfile.mkdtemp(prefix="vectable-", dir="/tmp"))  # 0700
    account.own(folder)
    return folder


def _last_words(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        said = file.read().decode(errors="replace").splitlines()
    fatal = [line.partition("FATAL:")[2].strip() for line in said if "FATAL:" in line]
    return (fatal or said or ["it said nothing"])[-1]
