"""``python -m tests.laws [PAGE]``: run all laws, write the page, say what does not hold."""

import os
import sys
import time
from pathlib import Path

from tests.laws.page import laws, page

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


def main() -> int:
    """Exit status 1 where a law does not hold."""
    start, found = time.monotonic(), []
    for law in laws(workers=os.cpu_count() or 1):
        found.append(law)
        held = sum(row.holds for row in law.rows)
        took = time.monotonic() - start
        print(f"{law.name}: {held} of {len(law.rows)} hold ({took:.0f} s)", file=sys.stderr)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    whole = target.with_suffix(".tmp")
    whole.write_text(page(found))
    whole.replace(target)
    return int(any(not row.holds for law in found for row in law.rows))


if __name__ == "__main__":
    sys.exit(main())
