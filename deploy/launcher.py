"""Put the checkout on the path of its own .venv and write the command `sla` there."""

import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Shell and Python both read this file: a shebang line cannot hold a path with spaces.
LAUNCHER = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from include.sla_logic.cli import app

if __name__ == "__main__":
    sys.exit(app())
"""


def main() -> None:
    """Write into the environment of the interpreter that runs this file; running it again changes nothing."""
    packages, scripts = sysconfig.get_path("purelib"), sysconfig.get_path("scripts")
    Path(packages, "sla_checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = Path(scripts, "sla")
    command.write_text(LAUNCHER.format(python=Path(scripts, "python")), encoding="utf-8")
    command.chmod(0o755)


if __name__ == "__main__":
    main()
