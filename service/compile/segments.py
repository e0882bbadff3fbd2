"""How vectors stand in a segment, how a query meets them there, and the index between.

A segment holds less than the table: half-precision numbers, or one bit for each. It only offers
candidates; their distances come from the full vectors. So what counts is that the order is nearly
the same, and each metric has the form in which it is cheapest:

* cosine: unit length and inner product, which spares the lengths with every comparison;
* the others: multiplied by one number for the whole segment, so that half precision has room for
  both the large and the small components. Orders do not change by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.compile.fragment import Fragment, constant, identifier, number, raw
from service.compile.ranking import operator, vector_type
from service.core.segments import SegmentKind
from service.core.vectors import Metric, Vector

# the largest half-precision number is 65,504
MAX_HALF = raw("65000")

SYMBOLS = {
    Metric.COSINE: raw("<#>"),
    Metric.DOT: raw("<#>"),
    Metric.EUCLIDEAN: raw("<->"),
    Metric.EUCLIDEAN_SQUARED: raw("<->"),
    Metric.MANHATTAN: raw("<+>"),
}
HAMMING = raw("<~>")
CLASSES = {
    Metric.COSINE: "halfvec_ip_ops",
    Metric.DOT: "halfvec_ip_ops",
    Metric.EUCLIDEAN: "halfvec_l2_ops",
    Metric.EUCLIDEAN_SQUARED: "halfvec_l2_ops",
    Metric.MANHATTAN: "halfvec_l1_ops",
}


@dataclass(frozen=True, slots=True)
class Encoding:
    """What makes a segment's form of a vector; ``schema`` is pgvector's."""

    kind: SegmentKind
    metric: Metric
    dimensions: int
    scale: float
    schema: str

    @property
    def is_binary(self) -> bool:
        return self.kind is SegmentKind.BINARY

    def column_type(self) -> Fragment:
        """The type of the segment's column ``v``."""
        size = raw("(") + number(self.dimensions) + raw(")")
        return raw("bit") + size if self.is_binary else identifier(self.schema, "halfvec") + size

    def stored(self, vector: Fragment) -> Fragment:
        """The form of a table's vector; NULL when the index cannot hold it.

        That is a zero vector under cosine (also one so small that its length counts as zero in a
        distance), and one too large for half precision after scaling.
        """
        if self.metric is Metric.COSINE:
            itself = vector + operator(self.schema, raw("<=>")) + vector
            form = self._form(self._function("l2_normalize", vector))
            return raw("CASE WHEN (") + itself + raw(") <> 'NaN' THEN ") + form + raw(" END")
        if self.is_binary:
            return self._form(vector)
        length = self._function("vector_norm", vector)
        fits = length + raw(" * ") + real(self.scale) + raw(" < ") + MAX_HALF
        form = self._form(self._scaled(vector))
        return raw("CASE WHEN ") + fits + raw(" THEN ") + form + raw(" END")

    def order(self, vector: Vector) -> Fragment:
        """What to order a segment's ``v`` by: its distance from the query."""
        query = raw("%s::", vector) + vector_type(self.schema)
        if self.metric is Metric.COSINE:
            query = self._function("l2_normalize", query)
        elif not self.is_binary:
            query = self._scaled(query)
        symbol = HAMMING if self.is_binary else SYMBOLS[self.metric]
        return raw("v") + operator(self.schema, symbol) + self._form(query)

    def operator_class(self) -> Fragment:
        """The class of the HNSW index over ``v``."""
        name = "bit_hamming_ops" if self.is_binary else CLASSES[self.metric]
        return identifier(self.schema, name)

    def _form(self, vector: Fragment) -> Fragment:
        if self.is_binary:
            vector = self._function("binary_quantize", vector)
        return raw("(") + vector + raw(")::") + self.column_type()

    def _scaled(self, vector: Fragment) -> Fragment:
        if self.scale == 1.0:
            return vector
        # pgvector refuses products that underflow. What is so much smaller than a usual component
        # is 0 in half precision anyway, and is made so: by adding one and taking it away again.
        usual = self._filled(1 / self.scale)
        rounded = vector + operator(self.schema, raw("+")) + usual
        rounded = raw("(") + rounded + raw(")") + operator(self.schema, raw("-")) + usual
        factors = self._filled(self.scale)
        return raw("((") + rounded + raw(")") + operator(self.schema, raw("*")) + factors + raw(")")

    def _filled(self, value: float) -> Fragment:
        """A vector with this number everywhere."""
        filled = raw("array_fill(") + real(value) + raw(", ARRAY[") + number(self.dimensions)
        return filled + raw("])::") + vector_type(self.schema)

    def _function(self, name: str, argument: Fragment) -> Fragment:
        return identifier(self.schema, name) + raw("(") + argument + raw(")")


def real(value: float) -> Fragment:
    """A number in the text: COPY takes no parameters."""
    return constant(repr(value)) + raw("::real")
