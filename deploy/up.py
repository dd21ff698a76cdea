"""Leave Airflow running until Ctrl-C: `python -m deploy.up [--port PORT] [--metadata-url URL]`."""

import argparse
import signal
import sys

from rich.console import Console

from deploy.stack import AirflowStack, StackSettings, UnableToStartAirflow
from deploy.stack.settings import ROOT


def main() -> int:
    """Start, print where to look and how to log in, wait for the end."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", type=int, help="port of the web interface (a free one by default)")
    parser.add_argument("--metadata-url", help="PostgreSQL URL for Airflow's own database (SQLite by default)")
    given = parser.parse_args()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = StackSettings(home=ROOT / ".airflow" / "up", port=given.port, metadata_url=given.metadata_url)
    try:
        with AirflowStack(settings, tell=console.print) as stack:
            (settings.home / "address").write_text(stack.address, encoding="utf-8")  # `sla incident start` reads it
            console.print(f"\nAirflow is at  {stack.address}")
            console.print(f"login          {stack.user} / {stack.password}   (kept in {stack.login_file})")
            console.print(f"operations db  {settings.operations.url}")
            console.print("Ctrl-C stops it.")
            stack.wait_ended()
    except UnableToStartAirflow as error:
        console.print(f"Airflow is not running: {error}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
