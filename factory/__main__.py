"""The program ``python -m factory``."""

from __future__ import annotations

import sys

from factory.core.errors import Interrupted


def main() -> None:
    """Run the command line and exit with its code; Ctrl-C ends it quietly also while it is being imported."""
    try:
        from factory.cli import main as cli

        sys.exit(cli.main())
    except KeyboardInterrupt:
        sys.exit(Interrupted.exit_code)


if __name__ == "__main__":
    main()
