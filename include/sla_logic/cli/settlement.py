"""`sla settlement`: settle windows that have ended, see before what that would book, release a held run."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_fields, show_json, show_table, shown
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import By

if TYPE_CHECKING:
    from collections.abc import Iterable

    from include.sla_logic.domain.money import Money
    from include.sla_logic.domain.settlement import Preview
    from include.sla_logic.services.settlement import SettlementRun
    from include.sla_logic.services.settlement_views import RunPreview

app = typer.Typer(no_args_is_help=True, help="Settle windows that have ended.")

_HELD = 4


@app.command()
def run(
    by: By,
    at: Annotated[str | None, typer.Option(help="The moment for which windows are judged; now, if not given.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Above this sum in a currency the run waits.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle every window whose grace is over. Exit code 4: the run is held and waits for a second person."""
    use_cases, moment = open_use_cases(), None if at is None else read_instant(at)
    if dry_run:
        _show(None, use_cases.settlement.preview(at=moment), as_json=as_json)
        return
    done = use_cases.settlement.run(by=by, at=moment, limit=limit, progress=_silent if as_json else _say)
    _show(done, use_cases.settlement.preview_of_run(done.number)[1], as_json=as_json)
    if done.state == "held":
        raise typer.Exit(_HELD)


@app.command()
def release(
    number: Annotated[int, typer.Argument(help="The run, as `sla settlement runs` names it.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Let a held run book what its preview shows; `sla settlement run` then goes on with it."""
    done = open_use_cases().settlement.release(number, by=by, reason=reason)
    typer.echo(f"The settlement run {done.number} is released; `sla settlement run` goes on with it.")


@app.command()
def runs(
    number: Annotated[int | None, typer.Argument(help="One run, with what it would book.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the newest runs; or show what one would book or has booked, its largest amounts and what they rest on."""
    views = open_use_cases().settlement_views
    if number is not None:
        _show_run(views.run(number), as_json=as_json)
        return
    found = views.runs().rows
    if as_json:
        show_json([{**_fields(one.run), **vars(one), "run": one.run.number} for one in found])
        return
    columns = ("run", "state", "at", "looked", "settled", "booked", "by")
    rows = [
        (run.number, run.state, run.at, one.looked, one.settled, _listed(one.booked), run.opened_by)
        for one in found
        for run in (one.run,)
    ]
    show_table(columns, rows, empty="Nothing was settled yet.", less=("looked", "settled", "by"))


@app.command()
def periods(
    page: Annotated[int, typer.Option(min=1, max=100, help="1: the last twelve months; 2: those before.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Count windows by the month in which they end, with what they owe and what became of it."""
    found = open_use_cases().settlement_views.periods(number=page)
    if as_json:
        show_json(found)
        return
    columns = ("period", "done", "waiting", "to decide", "failed", "owed", "final", "provisional", "held", "unclaimed")
    rows = [
        [one.month, one.done, one.waiting, one.to_decide, one.failed]
        + [_listed(getattr(sums, name) for sums in one.sums) for name in columns[5:]]
        for one in found.periods
    ]
    show_table(columns, rows, empty="No window that ended in these twelve months was settled.")
    for one in found.periods:
        for why in one.reasons:
            typer.echo(f"  {one.month}: {why.windows} {why.state}: {shown(why.reason)}")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only done, waiting, to_decide or failed.")] = None,
    month: Annotated[str | None, typer.Option(help="Only windows that end in this month, as 2026-10.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many windows at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List windows as their newest round left them, and count them by contract."""
    use_cases = open_use_cases()
    counts = use_cases.settlement.windows(limit=1).counts
    found = use_cases.settlement_views.windows(month=month, state=state, size=limit).rows
    if as_json:
        show_json({"counts": counts, "windows": found})
        return
    counted = [(one.contract, one.state, one.windows, one.owed, one.booked) for one in counts]
    show_table(("contract", "state", "windows", "owed", "booked"), counted, empty="No window was settled yet.")
    columns = ("customer", "service", "window", "state", "owed", "booked", "reason")
    rows = [tuple(getattr(one, name) for name in columns) for one in found]
    show_table(columns, rows, empty="No such window was settled.", less=("reason",))


@app.command()
def show(
    customer: Annotated[str, typer.Argument(help="Whose window.")],
    service: Annotated[str, typer.Argument(help="Of which service.")],
    at: Annotated[str, typer.Argument(help="An instant in the window.")],
    as_json: AsJson = False,
) -> None:
    """Show the rounds of one window, and its judgement as it would be made now for the newest of them."""
    found = open_use_cases().settlement.window(customer, service, at=read_instant(at))
    if as_json:
        show_json({"rounds": found.rounds, "judgement": found.comparison.model_dump(mode="json"), "same": found.same})
        return
    columns = ("round", "run", "state", "owed", "recorded", "changed", "reason")
    rows = [
        (one.round, one.run, one.state, one.owed, one.recorded_at, ", ".join(one.changed), one.reason)
        for one in found.rounds
    ]
    show_table(columns, rows, empty="", less=("recorded", "reason"))
    if not found.same:
        typer.echo("The facts have changed since that round: the next run corrects it.")
    typer.echo(found.comparison.explain())


def _say(progress: str) -> None:
    typer.echo(progress, err=True)


def _silent(progress: str) -> None:
    """Say nothing."""


def _fields(run: "SettlementRun") -> dict[str, Any]:
    return {**vars(run), "state": run.state}


def _listed(amounts: "Iterable[Money]") -> str:
    return ", ".join(map(str, amounts))


def _show_run(found: "RunPreview", *, as_json: bool) -> None:
    view = found.view
    if as_json:
        show_json({**vars(found), "view": {**vars(view), "run": _fields(view.run)}})
        return
    progress = {"looked at": f"{view.looked} of {view.run.shards}", "settled": f"{view.settled} of {view.run.shards}"}
    show_fields(progress | {"booked": _listed(view.booked), "opened by": view.run.opened_by})
    _show(view.run, found.preview, as_json=False)
    for cause in found.causes:
        amounts, named = _listed(cause.amounts), shown(", ".join(cause.references[:5]))
        typer.echo(f"{cause.windows} of the largest rest on {cause.time} alike, {amounts}: {named or 'no reference'}")


def _show(run: "SettlementRun | None", preview: "Preview", *, as_json: bool) -> None:
    if as_json:
        show_json({"run": None if run is None else _fields(run), "preview": preview.model_dump(mode="json")})
        return
    if run is not None:
        show_fields({"run": run.number, "state": run.state, "at": run.at, "held because": run.held_because})
    rows = [(one.contract, one.state, one.credit, one.windows, f"{one.amount} {one.currency}") for one in preview.lines]
    show_table(
        ("contract", "state", "credit", "windows", "amount"), rows, empty="No window has anything new to settle."
    )
    for one in preview.largest:
        said = f"  {one.customer} {one.service} {one.window}: {one.amount} {one.credit}; {shown(one.reason)}"
        said += f"; changed: {', '.join(one.changed)}" if one.changed else ""
        time = one.rests_on
        longest = "" if time is None else f"; longest: {time.start} to {time.end} {time.why} {time.reference or ''}"
        typer.echo(said + shown(longest.rstrip()))
