"""Joining the credits of several objectives: one event pays once, the cap holds, money is rounded once."""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.money import Money, minor_digits, round_to_minor_unit
from include.sla_logic.domain.sla.objective_judgement import ObjectiveJudgement

Entry = tuple[str, tuple[str, ...], Fraction]


def stack(entries: Sequence[Entry], stacking: str) -> dict[str, Fraction]:
    """Return what each objective (name, its events, its exact credit) contributes.

    `highest_per_event`: objectives that share an event form one group, and only the highest of a group
    pays; an objective without named events stands alone. `highest`: only one pays. `sum`: all pay.
    """
    if stacking == "sum":
        return {name: amount for name, _events, amount in entries}
    groups = [list(entries)] if stacking == "highest" else _groups(entries)
    paid = {name: Fraction(0) for name, _events, _amount in entries}
    for group in groups:
        if group:
            name, _events, amount = max(group, key=lambda entry: entry[2])
            paid[name] = amount
    return paid


def _groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    groups: list[tuple[set[str], list[Entry]]] = []
    for entry in entries:
        events = set(entry[1])
        touching = [group for group in groups if group[0] & events]
        rest = [group for group in groups if not group[0] & events]
        joined = (events.union(*(group[0] for group in touching)), [e for group in touching for e in group[1]])
        joined[1].append(entry)
        groups = [*rest, joined]
    return [group for _events, group in groups]


def shared_events(judgements: Sequence[ObjectiveJudgement]) -> dict[str, tuple[str, ...]]:
    """Return the events of each objective: its records, and the counted time that it shares with another."""
    found = {one.objective: one.events for one in judgements}
    if len(judgements) < 2:  # noqa: PLR2004 - alone, it shares nothing
        return found
    counted = {one.objective: [i.span for i in one.intervals if i.kind == "counted"] for one in judgements}
    starts = [start for start, _end in spans.merge(span for rows in counted.values() for span in rows)]
    for name, rows in counted.items():
        places = dict.fromkeys(bisect_right(starts, start) for start, _end in rows)
        found[name] += tuple(f"counted time {place}" for place in places)
    return found


def share_out(total: Money, parts: dict[str, Fraction]) -> tuple[tuple[str, Money], ...]:
    """Split a rounded total over its exact parts so that the lines add up to it: largest remainder first."""
    exact = sum(parts.values(), Fraction(0))
    if not exact:
        return ()
    unit = 10 ** minor_digits(total.currency)
    minor = int(total.exact * unit)
    wanted = {name: part * minor / exact for name, part in parts.items() if part}
    given = {name: int(want) for name, want in wanted.items()}
    by_rest = sorted(wanted, key=lambda name: given[name] - wanted[name])
    for name in by_rest[: minor - sum(given.values())]:
        given[name] += 1
    return tuple((name, round_to_minor_unit(Fraction(amount, unit), total.currency)) for name, amount in given.items())
