"""Metrics: what is counted of each request, and what names nothing that grows without bound."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from service.web import metrics
from service.web.access import open_to_all


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("metrics")
    metrics.install(app)
    app.register_blueprint(metrics.blueprint())

    @app.get("/things/<name>")
    @open_to_all
    def thing(name: str) -> Response:
        return Response(name)

    return app.test_client()


def counted(client: FlaskClient, start: str) -> float:
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def test_requests_are_counted_by_route_and_not_by_name(client: FlaskClient):
    start = 'vectable_requests_total{dialect="",method="GET",route="/things/<name>",status="200"}'
    before = counted(client, start)
    client.get("/things/one")
    client.get("/things/two")

    assert counted(client, start) == before + 2
    assert "two" not in client.get("/metrics").get_data(as_text=True)


def test_paths_without_a_route_are_one(client: FlaskClient):
    start = 'vectable_requests_total{dialect="(none)",method="GET",route="(none)",status="404"}'
    before = counted(client, start)
    client.get("/nowhere/1")
    client.get("/nowhere/2")

    assert counted(client, start) == before + 2


def test_methods_that_nobody_knows_are_one(client: FlaskClient):
    start = 'vectable_requests_total{dialect="(none)",method="(none)",route="(none)",status="405"}'
    before = counted(client, start)
    client.open("/things/one", method="BREW")
    client.open("/things/one", method="WHISK")

    assert counted(client, start) == before + 2


def test_times_are_observed(client: FlaskClient):
    start = 'vectable_request_seconds_count{dialect="",route="/things/<name>"}'
    before = counted(client, start)
    client.get("/things/one")

    assert counted(client, start) == before + 1


COUNTING = """
import sys
from service.web import metrics
metrics.REQUESTS.labels("d", "/r", "GET", "200").inc(int(sys.argv[1]))
"""
READING = """
from prometheus_client import generate_latest
from service.web import metrics
print(generate_latest(metrics.registry()).decode())
"""


def test_the_figures_of_several_processes_are_added_up(tmp_path: pytest.TempPathFactory):
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-c", *arguments]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout

    run(COUNTING, "2")
    run(COUNTING, "3")

    assert 'vectable_requests_total{dialect="d",method="GET",route="/r",status="200"} 5.0' in run(
        READING
    )
