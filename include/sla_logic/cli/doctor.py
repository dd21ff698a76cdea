"""`sla doctor`: find broken invariants, stalled incidents and dead messages, and repair what needs no judgement."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.person import By
from include.sla_logic.cli.setup import show_setup
from include.sla_logic.services import UseCases
from include.sla_logic.services.watchdog import Round

_SHOWN = 20

AgainstBilling = Annotated[
    bool, typer.Option("--against-billing", help="Compare what was sent with the ledger of the billing system.")
]
InVain = Annotated[
    bool, typer.Option("--in-vain", help="Resume also what was resumed in vain three times, or just before.")
]
Setup = Annotated[
    bool, typer.Option("--setup", help="Say what is still missing before the first incident, and nothing else.")
]

app = typer.Typer(help="Check what must be true, and resume what is stalled.")


@app.callback(invoke_without_command=True)
def doctor(  # noqa: PLR0913, PLR0917 - the options of the command
    by: By,
    repair: Annotated[
        bool, typer.Option("--repair", help="Decide waits that are over, deliver, count again, resume what is stalled.")
    ] = False,
    settled: Annotated[
        bool, typer.Option("--settled", help="No run is active: an incident that has not ended must be waiting.")
    ] = False,
    minutes: Annotated[int, typer.Option(min=1, help="An incident that is quiet for longer is stalled.")] = 10,
    airflow: Annotated[str | None, typer.Option(help="Address of Airflow; default TELECO_AIRFLOW_URL.")] = None,
    against_billing: AgainstBilling = False,
    in_vain: InVain = False,
    setup: Setup = False,
    as_json: AsJson = False,
) -> None:
    """Exit code 1 where anything is left to do: broken invariants, stalled incidents, lost tickets, dead messages.

    A warning: services without resources, samples or outages; long outages; feeds; alarms; missing extra fixes.
    """
    use_cases = open_use_cases()
    if setup:
        show_setup(use_cases, airflow, as_json=as_json)
        return
    this = Round(by, timedelta(minutes=minutes), in_vain=in_vain)
    done = _repair(use_cases, this, airflow) if repair else []
    found = _examine(use_cases, settled=settled, minutes=minutes)
    compared, unasked = _compare(use_cases, airflow)
    found |= compared
    if against_billing:
        found["billing"] = list(use_cases.monitoring.against_billing())
    warned = _warnings(use_cases)
    if as_json:
        show_json({**found, "done": done, **warned, "not_asked": unasked})
    else:
        _show(found, done)
        _warn([str(one) for lines in warned.values() for one in lines])
    if unasked:
        typer.echo(unasked, err=True)
    if any(found.values()):
        raise typer.Exit(1)


def _warnings(use_cases: UseCases) -> dict[str, list[Any]]:
    return {
        "alarms": list(use_cases.alarm_views.troubles()),
        "extra_problem_fixes": [str(one) for one in use_cases.extra_problem_fix.without_child()],
        "feeds": list(use_cases.feeds.troubles()),
        "listeners": [str(one) for one in use_cases.open_apis.event_hub.troubles()],
        "long_outages": list(use_cases.monitoring.long_outages()),
        "unwatched": list(use_cases.monitoring.unwatched()),
    }


def _examine(use_cases: UseCases, *, settled: bool, minutes: int) -> dict[str, list[Any]]:
    return {
        "breaches": [
            *use_cases.monitoring.violations(settled=settled),
            *use_cases.monitoring.credited_beyond_owed(),
            *use_cases.monitoring.unsettled(),
        ],
        "stalled": list(use_cases.monitoring.stalled(patience=timedelta(minutes=minutes))),
        "dead": list(use_cases.outbox.given_up()),
    }


def _warn(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        typer.echo(f"Warning: {line}", err=True)
    if len(lines) > _SHOWN:
        typer.echo(f"Warning: … and {len(lines) - _SHOWN} more: --json has them.", err=True)


def _compare(use_cases: UseCases, airflow: str | None) -> tuple[dict[str, list[Any]], str | None]:
    """Return whether Airflow is refused, which tickets one of the two lacks, and why Airflow could not be asked."""
    from include.sla_logic.cli.airflow_api import UnableToReachAirflow
    from include.sla_logic.cli.airflow_records import RestNotebook, RestRecords
    from include.sla_logic.cli.airflow_runs import Airflow, UnableToStartIncident

    try:
        with Airflow.found(airflow).api() as api:
            stranger = use_cases.installation.check(RestNotebook(api))
            lost = [] if stranger else list(use_cases.monitoring.lost(RestRecords(api)))
            return {"refused": [stranger] if stranger else [], "lost": lost}, None
    except (UnableToStartIncident, UnableToReachAirflow) as error:
        return {"refused": [], "lost": []}, f"Airflow was not asked which tickets it knows. {error}"


def _repair(use_cases: UseCases, this: Round, airflow: str | None) -> list[str]:
    """Repair what needs no judgement; a dead message is only retried by a person who knows the reason."""
    from include.sla_logic.cli.airflow_runs import Airflow, RestRuns
    from include.sla_logic.services.watchdog import resume_stalled

    done = [
        f"{run_id}: the wait is decided, {outcome}" for run_id, outcome in use_cases.restorations.decide_due().items()
    ]
    done.append(f"outbox: {use_cases.outbox.deliver()}")
    if wrong := use_cases.open_apis.trouble_tickets.recount():
        done.append(f"{wrong} kept {'count' if wrong == 1 else 'counts'} of tickets put right")
    if use_cases.monitoring.stalled(patience=this.patience):
        runs = RestRuns(Airflow.found(airflow))
        done += [f"{one.run_id}: {one.how}" for one in resume_stalled(use_cases, runs, this)]
    return done


def _show(found: dict[str, list[Any]], done: list[str]) -> None:
    for line in done:
        typer.echo(f"Done: {line}")
    for violation in found["breaches"]:
        typer.echo(f"Broken: {violation}")
    for what in ("refused", "lost"):
        for sentence in found[what]:
            typer.echo(f"{what.capitalize()}: {sentence}")
    for difference in found.get("billing", ()):
        typer.echo(f"Billing: {difference}")
    if found["stalled"]:
        rows = [(s.ticket, s.run_id, s.last_step, s.since, s.taken_up) for s in found["stalled"]]
        show_table(("stalled", "run", "last step", "since", "resumed"), rows, empty="")
    if found["dead"]:
        dead = [(m.id, m.ticket, m.kind, m.last_error) for m in found["dead"]]
        show_table(("dead message", "ticket", "kind", "reason"), dead, empty="")
    if not any(found.values()):
        typer.echo("All is well: no invariant is broken, no incident is stalled, no message is dead.")
