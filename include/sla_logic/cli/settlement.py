"""`sla settlement`: settle windows that have ended, see before what that would book, release a held run."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.sla_logic.cli.output import show_fields, show_json, show_table, shown

if TYPE_CHECKING:
    from include.sla_logic.domain.settlement import Preview
    from include.sla_logic.services import UseCases
    from include.sla_logic.services.settlement import SettlementRun

app = typer.Typer(no_args_is_help=True, help="Settle windows that have ended.")

_HELD = 4
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def run(
    by: Annotated[str, typer.Option(help="Who starts it.", default_factory=getpass.getuser)],
    at: Annotated[str | None, typer.Option(help="The moment for which windows are judged; now, if not given.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Above this sum in a currency the run waits.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    as_json: _AsJson = False,
) -> None:
    """Settle every window whose grace is over. Exit code 4: the run is held and waits for a second person."""
    from include.sla_logic.cli.assess import read_instant

    use_cases, moment = _use_cases(), None if at is None else read_instant(at)
    if dry_run:
        _show(None, use_cases.settlement.preview(at=moment), as_json=as_json)
        return
    done = use_cases.settlement.run(by=by, at=moment, limit=limit)
    _show(done, use_cases.settlement.preview_of_run(done.number)[1], as_json=as_json)
    if done.state == "held":
        raise typer.Exit(_HELD)


@app.command()
def release(
    number: Annotated[int, typer.Argument(help="The run, as `sla settlement runs` names it.")],
    by: Annotated[str, typer.Option(help="Who releases it: not the person who has started it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Let a held run book what its preview shows; `sla settlement run` then goes on with it."""
    done = _use_cases().settlement.release(number, by=by, reason=reason)
    typer.echo(f"The settlement run {done.number} is released; `sla settlement run` goes on with it.")


@app.command()
def runs(as_json: _AsJson = False) -> None:
    """List the newest runs."""
    found = _use_cases().settlement.runs()
    if as_json:
        show_json([{**vars(one), "state": one.state} for one in found])
        return
    rows = [(one.number, one.state, one.at, one.opened_by, one.held_because, one.released_by) for one in found]
    show_table(("run", "state", "at", "by", "held because", "released by"), rows, empty="Nothing was settled yet.")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only done, waiting, to_decide or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many windows at most.")] = 100,
    as_json: _AsJson = False,
) -> None:
    """List windows as their newest round left them, and count them by contract."""
    found = _use_cases().settlement.windows(state=state, limit=limit)
    if as_json:
        show_json({"counts": found.counts, "windows": found.windows})
        return
    counted = [(one.contract, one.state, one.windows, one.owed, one.booked) for one in found.counts]
    show_table(("contract", "state", "windows", "owed", "booked"), counted, empty="No window was settled yet.")
    columns = ("customer", "service", "window", "state", "owed", "booked", "reason")
    rows = [tuple(getattr(one, name) for name in columns) for one in found.windows]
    show_table(columns, rows, empty="No window is in that state.", less=("reason",))


@app.command()
def show(
    customer: Annotated[str, typer.Argument(help="Whose window.")],
    service: Annotated[str, typer.Argument(help="Of which service.")],
    at: Annotated[str, typer.Argument(help="An instant in the window.")],
    as_json: _AsJson = False,
) -> None:
    """Show the rounds of one window, and its judgement as it would be made now for the newest of them."""
    from include.sla_logic.cli.assess import read_instant

    found = _use_cases().settlement.window(customer, service, at=read_instant(at))
    if as_json:
        show_json({"rounds": found.rounds, "judgement": found.comparison.model_dump(mode="json"), "same": found.same})
        return
    columns = ("round", "run", "state", "owed", "recorded", "reason")
    rows = [(one.round, one.run, one.state, one.owed, one.recorded_at, one.reason) for one in found.rounds]
    show_table(columns, rows, empty="", less=("recorded", "reason"))
    if not found.same:
        typer.echo("The facts have changed since that round: the next run corrects it.")
    typer.echo(found.comparison.explain())


def _use_cases() -> "UseCases":
    from include.sla_logic.services import Settings, UseCases

    return UseCases(Settings.from_environment())


def _show(run: "SettlementRun | None", preview: "Preview", *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = {} if run is None else {**vars(run), "state": run.state}
        show_json({"run": told or None, "preview": preview.model_dump(mode="json")})
        return
    if run is not None:
        show_fields({"run": run.number, "state": run.state, "at": run.at, "held because": run.held_because})
    rows = [(one.contract, one.state, one.credit, one.windows, f"{one.amount} {one.currency}") for one in preview.lines]
    show_table(
        ("contract", "state", "credit", "windows", "amount"), rows, empty="No window has anything new to settle."
    )
    for one in preview.largest:
        typer.echo(f"  {one.customer} {one.service} {one.window}: {one.amount} {one.credit}; {shown(one.reason)}")
