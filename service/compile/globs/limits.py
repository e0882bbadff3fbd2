"""How large a glob may be.

Beyond these sizes PostgreSQL gets slow, long before globset itself would refuse the pattern. Each
limit is enforced where the size comes up.
"""

from __future__ import annotations

MAX_PATTERN_BYTES = 1024
MAX_BRANCHES = 256
MAX_NESTING = 16
# Not an error: a pattern with more spellings than this becomes one regular expression.
MAX_SPELLINGS = 32
MAX_REGEX_LENGTH = 16_384
