"""Leave Airflow running until Ctrl-C: `python -m deploy.up [--port PORT] [--executor celery --workers 2]`."""

import argparse
import signal
import sys
from datetime import UTC, datetime

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from deploy.stack import AirflowStack, OperationsDatabase, StackSettings
from deploy.stack.settings import ROOT
from include.sla_logic.cli import sentence_of
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.sample_data import (
    DEFAULT_SEED,
    load_sample,
    loaded_anchor,
    make_sample,
    write_notifications,
)
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.settings import letters_beside

NOTIFICATIONS = ROOT / ".teleco" / "notifications"


def main() -> int:
    """Start, print where to look and how to log in, wait for the end."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--port", type=int, help="port of the web interface (a free one by default)")
    parser.add_argument("--metadata-url", help="URL of Airflow's own database (a server of its own by default)")
    parser.add_argument("--executor", choices=("local", "celery"), default="local", help="what runs the tasks")
    parser.add_argument("--workers", type=int, choices=range(1, 17), default=2, help="workers of Celery (2 by default)")
    given = parser.parse_args()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = StackSettings(
        home=ROOT / ".airflow" / "up",
        port=given.port,
        metadata_url=given.metadata_url,
        celery_workers=given.workers if given.executor == "celery" else 0,
    )
    try:
        _prepare(settings.operations, console)
        with AirflowStack(settings, tell=console.print) as stack:
            (settings.home / "address").write_text(stack.address, encoding="utf-8")  # `sla incident start` reads it
            first = NOTIFICATIONS.relative_to(ROOT) / "01-premium.json"
            for line in (
                f"\nAirflow is at  {stack.address}",
                f"login          {stack.user} / {stack.password}   (kept in {stack.login_file})",
                f"operations db  {settings.operations.url}",
                f"start one      .venv/bin/sla incident start {first}",
                "Ctrl-C stops it.",
            ):
                console.print(line, soft_wrap=True)  # to be copied whole
            stack.run_for_ever()
    except (ForeseenError, OSError, OperationalError) as error:
        console.print(f"Airflow is not running: {sentence_of(error)}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped")
    return 0


def _prepare(operations: OperationsDatabase, console: Console) -> None:
    """Migrate, and load the small TELECO where no customer is registered; its notifications are there to be sent."""
    use_cases = UseCases(Settings(database_url=operations.url, letters_folder=letters_beside(operations.url)))
    use_cases.work.migrate()
    with use_cases.work.writing() as connection:
        anchor = loaded_anchor(connection)
        if anchor is None and connection.execute(select(customers.c.id).limit(1)).first():
            return
        teleco = make_sample(DEFAULT_SEED, anchor or datetime.now(UTC))
        if anchor is None:
            console.print("Loading the small TELECO")
            load_sample(connection, teleco)
    write_notifications(teleco, NOTIFICATIONS)


if __name__ == "__main__":
    sys.exit(main())
