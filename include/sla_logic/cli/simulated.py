"""What `sla simulate` prints: tables, CSV or JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import typer

from include.sla_logic.cli.output import show_json, show_table, shown, write_private
from include.sla_logic.domain.bootstrap import Interval
from include.sla_logic.domain.contract.varying import Variant
from include.sla_logic.domain.simulated_windows import Pair
from include.sla_logic.domain.simulation import Simulation, Sums, percent
from include.sla_logic.services.charts import draw_curve
from include.sla_logic.services.simulation import Asked
from include.sla_logic.services.tables import as_csv, simulation_as_csv

_CURVE = ("value", "windows", "owed", "%", "difference", "not judged", "refused")


@dataclass(frozen=True)
class Shown:
    """How a simulation is to be printed, and where the curve of a term is to be drawn."""

    asked: Asked
    limit: int
    as_csv: bool
    as_json: bool
    picture: Path | None = None

    def simulation(self, found: Simulation, interval: Interval | None) -> None:
        """Print one simulation, perhaps with an interval for a year's cost."""
        if self.as_json:
            show_json(as_fields(found) | ({} if interval is None else {"year": vars(interval)}))
        elif self.as_csv:
            typer.echo(simulation_as_csv(found), nl=False)
        else:
            _show(found, self.asked, self.limit, interval)

    def curve(self, term: str, steps: Sequence[tuple[Variant, Simulation | None]]) -> None:
        """Print the cost at each value of a term; a value at which the contract is refused says why."""
        rows = [_step(variant, found) for variant, found in steps]
        known = next((found for _variant, found in steps if found is not None), None)
        if self.picture is not None and known is not None:
            drawn = draw_curve(term.partition("=")[0], [(variant.value, found) for variant, found in steps])
            write_private(self.picture, drawn.encode())
        if self.as_json:
            common = {} if known is None else {"owed_now": known.total.old_owed, "currency": known.currency}
            show_json({"term": term, **common, "steps": [dict(zip(_NAMES, row, strict=True)) for row in rows]})
            return
        if self.as_csv:
            typer.echo(as_csv(_NAMES, rows), nl=False)
            return
        typer.echo(f"{term} in {len(steps)} even steps")
        if known is not None:
            now = f"{known.total.old_owed} {known.currency} under {', '.join(known.old)}"
            typer.echo(f"Windows from {known.first} to {known.last} owe {now}.")
        show_table(_CURVE, rows, empty="")


_NAMES = ("value", "windows", "owed", "percent", "difference", "not_judged", "refused")


def _step(variant: Variant, found: Simulation | None) -> tuple[object, ...]:
    if found is None:
        return variant.value, None, None, None, None, None, variant.refused
    total = found.total
    share = percent(total.new_owed, total.new_charge)
    return variant.value, total.new_windows, total.new_owed, share, total.difference, len(found.unjudged), None


def _interval(interval: Interval, found: Simulation) -> Iterator[str]:
    sure = f"{interval.level * 100:f}".rstrip("0").rstrip(".")
    between = f"between {interval.low} and {interval.high} {found.currency} with {sure} % confidence"
    yield f"A year under the new contract costs {interval.expected} {found.currency}, {between}."
    if found.unjudged:
        yield "Windows that were not judged count as if they owed nothing."
    yield f"Method: {interval.method}."


def _show(found: Simulation, asked: Asked, limit: int, interval: Interval | None) -> None:
    typer.echo(f"{found.new} instead of {', '.join(found.old)}: windows from {found.first} to {found.last}")
    typer.echo(f"Amounts in {found.currency}, as known at {shown(found.as_of)}.")
    rows = [(month, *_line(sums)) for month, sums in sorted(found.months.items())]
    columns = ("month", "windows", "charge", "owed", "%", "new owed", "new %", "difference")
    show_table(columns, [*rows, ("all", *_line(found.total))], empty="", less=("charge", "%", "new %"))
    for line in () if interval is None else _interval(interval, found):
        typer.echo(line)
    typer.echo(f"Windows that change: {len(found.changed)}")
    columns = ("customer", "service", "window", "verdict", "new", "owed", "new owed", "difference")
    changed = [_changed(one) for one in found.largest[:limit]]
    show_table(columns, changed, empty="None.", less=("verdict", "new"))
    _more(len(found.changed), limit)
    typer.echo(f"Customers to whom most is paid, of {len(found.payers)}")
    payers = [(name, sums.old_owed, sums.new_owed, sums.difference) for name, sums in found.payers[:limit]]
    show_table(("customer", "owed", "new owed", "difference"), payers, empty="None.")
    _more(len(found.payers), limit)
    for line in _notes(found, asked, limit):
        typer.echo(line)


def as_fields(found: Simulation) -> dict[str, object]:
    """Return a simulation as JSON shows it: amounts are in its currency."""
    return {
        "old": found.old,
        "new": found.new,
        "currency": found.currency,
        "from": found.first,
        "to": found.last,
        "as_of": found.as_of,
        "total": _sums(found.total),
        "months": [{"month": month, **_sums(sums)} for month, sums in sorted(found.months.items())],
        "customers": [_payer(name, sums) for name, sums in found.payers],
        "changed": [_pair(one) for one in found.largest],
        "capped": [_pair(one) for one in found.capped],
        "not_judged": [_pair(one) for one in found.unjudged],
        "not_judged_because": dict(found.reasons),
        "caveats": dict(found.caveats),
    }


def _sums(sums: Sums) -> dict[str, object]:
    return {**vars(sums), "difference": sums.difference}


def _payer(name: str, sums: Sums) -> dict[str, object]:
    return {"customer": name, "old_owed": sums.old_owed, "new_owed": sums.new_owed, "difference": sums.difference}


def _pair(pair: Pair) -> dict[str, object]:
    sides = {
        name: [
            {
                "window": one.window,
                "verdict": one.verdict,
                "owed": one.owed,
                "charge": one.charge,
                "capped": one.capped,
                "reason": one.reason,
            }
            for one in side
        ]
        for name, side in (("old", pair.old), ("new", pair.new))
    }
    return {"customer": pair.customer, "service": pair.service, "difference": pair.difference, **sides}


def _line(sums: Sums) -> tuple[object, ...]:
    windows = sums.old_windows if sums.old_windows == sums.new_windows else f"{sums.old_windows} / {sums.new_windows}"
    shares = percent(sums.old_owed, sums.old_charge), percent(sums.new_owed, sums.new_charge)
    return windows, sums.new_charge, sums.old_owed, shares[0], sums.new_owed, shares[1], _signed(sums.difference)


def _signed(amount: Decimal) -> str:
    return f"{amount:+}" if amount else str(amount)


def _changed(pair: Pair) -> tuple[object, ...]:
    return pair.customer, pair.service, pair.window, *pair.verdicts, *pair.owed, _signed(pair.difference)


def _more(count: int, limit: int) -> None:
    if count > limit:
        typer.echo(f"and {count - limit} more: --limit {count}, --csv or --json has them.")


def _notes(found: Simulation, asked: Asked, limit: int) -> Iterator[str]:
    """Say what was capped, what could not be judged and why, and what may still change."""
    old, new = (sum(any(one.capped for one in getattr(pair, side)) for pair in found.capped) for side in ("old", "new"))
    yield f"Capped: {old} under the old contract, {new} under the new one"
    yield f"Not judged, and in no sum: {len(found.unjudged)}"
    for reason, count in found.reasons.most_common(limit):
        yield f"  {count} x {reason}"
    if len(found.reasons) > limit:
        yield f"  and {len(found.reasons) - limit} more reasons: --csv or --json has each window."
    for caveat, count in found.caveats.most_common():
        yield f"Judged as they stand, though {caveat}: {count}"
    late = sum(bool(one.reason) for pair in found.changed for one in (*pair.old, *pair.new))
    if late and not asked.claimed:
        yield f"Nothing is paid where nobody claimed in time ({late} of the windows that change): see --all-claimed."
