"""``make audit``: what advisories are known of the versions in constraints.txt.

Exit codes: 0, none; 1, some, each with the version that mends it; 2, the advisory service did not answer: nothing is
known.
"""

from __future__ import annotations

import subprocess
import sys

from tests.commands import ROOT

AUDIT = [sys.executable, "-m", "pip_audit", "--vulnerability-service=osv", "--progress-spinner=off"]
PINS = ["--strict", "--disable-pip", "--no-deps", f"--requirement={ROOT / 'constraints.txt'}"]


def main() -> int:
    done = subprocess.run([*AUDIT, *PINS], capture_output=True, text=True)
    if done.returncode and not done.stdout:  # it has nothing to list, and yet it failed
        print(f"audit: the pins were not checked: {done.stderr.strip().rpartition(chr(10))[2]}", file=sys.stderr)
        return 2
    print(done.stdout + done.stderr, end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
