"""The program ``python -m factory``."""

from __future__ import annotations

import sys

from factory.cli import main as cli


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
