"""How gunicorn serves: ``gunicorn --config python:service.gunicorn_config service.wsgi:app``.

Every name here is a setting of gunicorn, or a hook that it calls. The values come from ``Config``;
what is given on gunicorn's command line wins over them, which is why the hook looks at the sockets
that really listen.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.config import Config, ConfigError, exposed, is_loopback

try:
    _config = Config.from_env()
    if _config.database_url is None:
        raise ConfigError("DATABASE_URL is not set: only `vectable serve` brings a database along.")
except ConfigError as error:
    sys.exit(f"vectable: {error.message}")  # gunicorn would print a traceback

bind = (
    f"[{_config.host}]:{_config.port}" if ":" in _config.host else f"{_config.host}:{_config.port}"
)
worker_class = "service.gunicorn_worker.Worker"
workers = _config.workers
threads = _config.threads
loglevel = _config.log_level
accesslog = None

# A worker that is busy with a large body must not be taken for dead; requests end by the
# statement timeout, not by this one.
timeout = 120
# Longer than the idle time of usual proxies and client pools: else we close a connection at the
# moment in which they send on it.
keepalive = 75
# Whoever stops us (docker, systemd, `vectable serve`) allows ten seconds in all.
graceful_timeout = 5
# The heartbeat is a file that is touched all the time: on a slow disk that blocks the worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Of no use here, and it would write to a home directory that a container user may not have.
control_socket_disable = True
# Workers open their own connections: a pool must not be shared through a fork.
preload_app = False

# Workers keep their metrics in files of one folder, where each of them reads those of all.
_metrics = Path(tempfile.mkdtemp(prefix="vectable-metrics-"))
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_metrics}"]


def on_exit(_server: Any) -> None:
    """Called when the master ends."""
    shutil.rmtree(_metrics, ignore_errors=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Called when a worker has ended: its gauges go, its counts stay."""
    # not above: imported before the folder is set, it would keep no figures there
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid, str(_metrics))  # pyright: ignore[reportUnknownMemberType] (untyped)


def when_ready(server: Any) -> None:
    """Called before the first worker is started, so before any request is answered."""
    outside = [host for host in _hosts(server) if not is_loopback(host)]
    if outside and not _config.api_keys:
        server.log.error(exposed(outside[0]))
        sys.exit(1)
    server.log.info(
        "%d workers of %d threads: at most %d database connections",
        server.cfg.workers,
        server.cfg.threads,
        server.cfg.workers * (server.cfg.threads + 1),
    )


def _hosts(server: Any) -> list[str]:
    names: list[Any] = [listener.sock.getsockname() for listener in server.LISTENERS]
    return [str(name[0]) for name in names if not isinstance(name, str | bytes)]  # else a path
