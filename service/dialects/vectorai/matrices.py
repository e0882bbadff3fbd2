"""Distance matrices (section 12): the nearest to each of some points, among these."""

from __future__ import annotations

from service.core.filters import EVERYTHING
from service.core.matrix import MAX_SAMPLE, Matrix, MatrixQuery
from service.dialects.vectorai.bodies import Request, anything, load, name, whole
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.filters import parse_filter
from service.dialects.vectorai.ids import render_id
from service.dialects.vectorai.vectors import column_name


class MatrixRequest(Request):
    """``POST …/points/search/matrix/…``."""

    sample = whole(10, least=2, most=MAX_SAMPLE)
    limit = whole(3, least=1)
    filter = anything()
    using = name()


MATRIX = MatrixRequest()


def parse_matrix(body: object) -> MatrixQuery:
    data = load(MATRIX, body)
    condition = data["filter"]
    return MatrixQuery(
        data["sample"],
        data["limit"],
        column_name(data["using"] or ""),
        EVERYTHING if condition is None else parse_filter(condition),
    )


def render_pairs(matrix: Matrix) -> Rendered:
    """Each pair by its ids."""
    ids = [render_id(identity) for identity in matrix.ids]
    pairs = [{"a": ids[c.row], "b": ids[c.column], "score": c.score} for c in matrix.cells]
    return {"pairs": pairs}


def render_offsets(matrix: Matrix) -> Rendered:
    """A sparse matrix over the list of ids."""
    return {
        "offsets_row": [cell.row for cell in matrix.cells],
        "offsets_col": [cell.column for cell in matrix.cells],
        "scores": [cell.score for cell in matrix.cells],
        "ids": [render_id(identity) for identity in matrix.ids],
    }
