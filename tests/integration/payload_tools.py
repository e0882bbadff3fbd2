"""Documents with free-form attributes, as the other API writes them, and the ids that match."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from flask.testing import FlaskClient
from psycopg import sql

from service.core.ids import DocumentId
from service.core.query import Ordered, Query
from service.dialects.vectorai.filters import parse_filter
from service.engine import Engine

Wire = Any
Connection = psycopg.Connection[Any]
MOST = 10_000


@dataclass(frozen=True)
class Points:
    """One namespace."""

    engine: Engine
    client: FlaskClient
    connection: Connection
    name: str

    def store(self, payloads: Mapping[DocumentId, Wire]) -> None:
        """Documents with these attributes, of which the catalog knows nothing."""
        self.write([{"id": identity, "vector": [1, 0]} for identity in payloads])
        self.attach(payloads)

    def attach(self, payloads: Mapping[DocumentId, Wire]) -> None:
        """Put these attributes in the place of others; texts are JSON already."""
        update = sql.SQL("UPDATE vectable.{} SET attributes = %s::jsonb WHERE id = %s")
        for identity, payload in payloads.items():
            text = payload if isinstance(payload, str) else json.dumps(payload)
            self.connection.execute(update.format(sql.Identifier(self.name)), (text, identity))

    def write(self, rows: list[Wire], **body: Wire) -> None:
        """Documents by the API that infers types."""
        body = {"upsert_rows": rows, "distance_metric": "cosine_distance"} | body
        answer = self.client.post(f"/v2/namespaces/{self.name}", json=body)
        assert answer.status_code == 200, answer.text

    def matching(self, wire: Wire) -> list[DocumentId]:
        """Ids of the documents that match, in their order."""
        query = Query(Ordered(), parse_filter(wire), MOST)
        return [hit.id for hit in self.engine.query(self.name, query).hits]
