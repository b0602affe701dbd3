"""``python -m lrdoctor``."""

from __future__ import annotations

import sys

from lrdoctor.cli import main

if __name__ == "__main__":
    sys.exit(main())
