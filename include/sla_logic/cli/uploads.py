"""`sla import uploads`: the dry runs and imports that files uploaded at the desk wait for."""

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.output import shown

_REJECTED = 3


def uploads() -> None:
    """Do the dry runs and the imports that files uploaded at the desk wait for; `sla_collect` does so on Airflow.

    Exit code 3: a file was refused.
    """
    service, refused = open_use_cases().uploads, False
    service.close_unattended()
    for number in service.waiting():
        done = service.work_on(number)
        if done is not None:
            refused |= done.state == "refused"
            why = f": {done.failure}" if done.failure else ""
            typer.echo(shown(f"Upload {done.id}, {done.kind} of {done.name}: {done.state.replace('_', ' ')}{why}"))
    if refused:
        raise typer.Exit(_REJECTED)
