"""How large a regular expression may be.

PostgreSQL makes an automaton of the expression before it looks at the first row. Up to these sizes
that takes milliseconds, and tenths of a second for the most awkward patterns. Rust's regex crate
measures differently: it accepts larger patterns, and refuses some of these (``\\w{500}``). Each
limit is enforced where the size comes up.
"""

from __future__ import annotations

MAX_PATTERN_BYTES = 4096
# Groups in one another, and brackets in one another; the crate allows 250 levels of everything.
MAX_NESTING = 50
# Ranges in all classes such as "\w" together; that one has more than seven hundred.
MAX_CLASS_RANGES = 30_000
# Characters and assertions when all counts are written out.
MAX_POSITIONS = 2000
# The same with each class counted once for every class that may cut it into pieces.
MAX_ARCS = 100_000
# Optional parts and assertions in a row: each may be passed over together with its neighbours.
MAX_GAP = 100
# An assertion such as "\b" doubles the work that its neighbours make.
GAP_OF_CASES = 10
# Characters of the expression that PostgreSQL gets.
MAX_TRANSLATION_LENGTH = 65_536
