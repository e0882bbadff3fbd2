"""What a figure depends on: the machine, the versions, the settings."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psycopg

SETTINGS = (
    "shared_buffers", "work_mem", "max_wal_size", "fsync", "full_page_writes", "synchronous_commit",
    "max_parallel_workers_per_gather", "huge_pages_status",
)  # fmt: skip
# of the service, where they are not its defaults
VARIABLES = (
    "VECTABLE_SEAL_ROWS", "VECTABLE_MAX_UNINDEXED", "VECTABLE_BUILD_MEMORY",
    "VECTABLE_BUILD_WORKERS", "VECTABLE_THREADS", "WEB_CONCURRENCY",
)  # fmt: skip


def describe(database_url: str) -> dict[str, object]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        versions = connection.execute(
            "SELECT current_setting('server_version'), "
            "(SELECT extversion FROM pg_extension WHERE extname = 'vector')"
        ).fetchone()
        settings = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)",
            [list(SETTINGS)],
        ).fetchall()
    postgresql, pgvector = versions or ("?", "?")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": cores(),
        "memory_gib": memory(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "postgresql": str(postgresql).split()[0],
        "pgvector": pgvector,
        "settings": dict(settings),
        "variables": {name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    }


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
