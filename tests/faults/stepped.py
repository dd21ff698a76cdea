"""Run Airflow with a wrong clock: `python -m tests.faults.stepped SECONDS triggerer …`; what it forks is wrong too."""

import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main() -> None:
    step = timedelta(seconds=float(sys.argv[1]))
    sys.argv = ["airflow", *sys.argv[2:]]
    time_machine.travel(datetime.now(UTC) + step, tick=True).start()
    from airflow.__main__ import main as airflow

    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
