"""`sla doctor`: what must be true, what stands still, and what does not leave the house; and mending it."""

import getpass
from datetime import timedelta
from typing import Annotated, Any

import typer

from include.sla_logic.cli.showing import show_json, show_table
from include.sla_logic.office import Office, Settings
from include.sla_logic.office.taking_up import Round

app = typer.Typer(help="Check what must be true, and take up what stands still.")


@app.callback(invoke_without_command=True)
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Decide, deliver and take up what can be.")] = False,
    settled: Annotated[
        bool, typer.Option("--settled", help="No run is under way: who has not ended must be waiting.")
    ] = False,
    minutes: Annotated[int, typer.Option(min=1, help="What is quiet for longer stands still.")] = 10,
    airflow: Annotated[str | None, typer.Option(help="Address of Airflow; default TELECO_AIRFLOW_URL.")] = None,
    in_vain: Annotated[
        bool, typer.Option("--in-vain", help="Take up too what was taken up in vain three times, or just before.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who repairs; kept in the audit.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Exit code 1 where anything is left to do: an invariant is broken, an incident stands still, a message is dead."""
    office = Office(Settings.from_environment())
    taking = Round(by or getpass.getuser(), timedelta(minutes=minutes), in_vain=in_vain)
    done = _repair(office, taking, airflow) if repair else []
    found = _examine(office, settled=settled, minutes=minutes)
    if as_json:
        show_json({**found, "done": done})
    else:
        _show(found, done)
    if any(found.values()):
        raise typer.Exit(1)


def _examine(office: Office, *, settled: bool, minutes: int) -> dict[str, list[Any]]:
    return {
        "breaches": list(office.breaches(settled=settled)),
        "stranded": list(office.stranded(patience=timedelta(minutes=minutes))),
        "dead": list(office.messages(state="dead")),
    }


def _repair(office: Office, taking: Round, airflow: str | None) -> list[str]:
    """Do what needs no judgement; a dead message is retried by name only, for its reason is not known here."""
    from include.sla_logic.cli.starting import Airflow, RestRuns
    from include.sla_logic.office.taking_up import take_up_stranded

    done = [f"{run_id}: the wait is decided, {outcome}" for run_id, outcome in office.decide_due_restorations().items()]
    done.append(f"outbox: {office.deliver()}")
    if office.stranded(patience=taking.patience):
        runs = RestRuns(Airflow.found(airflow))
        done += [f"{one.run_id}: {one.how}" for one in take_up_stranded(office, runs, taking)]
    return done


def _show(found: dict[str, list[Any]], done: list[str]) -> None:
    for line in done:
        typer.echo(f"Done: {line}")
    for breach in found["breaches"]:
        typer.echo(f"Broken: {breach}")
    if found["stranded"]:
        rows = [(s.ticket, s.run_id, s.last_step, s.since, s.taken_up) for s in found["stranded"]]
        show_table(("stands still", "run", "last step", "since", "taken up"), rows, empty="")
    if found["dead"]:
        dead = [(m.id, m.ticket, m.kind, m.last_error) for m in found["dead"]]
        show_table(("dead message", "ticket", "kind", "reason"), dead, empty="")
    if not any(found.values()):
        typer.echo("All is well: no invariant is broken, nothing stands still, no message is dead.")
