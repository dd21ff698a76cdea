"""`python -m include.sla_logic.cli`: the command `sla` from the checkout alone, as in containers."""

import sys

from include.sla_logic.cli import app

if __name__ == "__main__":
    sys.exit(app(prog_name="sla"))
