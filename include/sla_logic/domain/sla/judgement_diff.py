"""What differs between two judgements, in sentences: what counted, which tier, how much money, by which clause."""

from collections.abc import Iterator, Sequence

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.sla.comparison import CountedInterval, ObjectiveJudgement, SlaComparison

_MOST = 10  # intervals that are named for an objective
_LEFT_OUT = {"excluded": "is left out", "no_data": "is without data", "counted": "counts"}


def differences(one: SlaComparison, two: SlaComparison) -> list[str]:
    """Say what the second judgement finds otherwise than the first; nothing where they agree."""
    return [*_terms(one, two), *_objectives(one, two), *_money(one, two)]


def _terms(one: SlaComparison, two: SlaComparison) -> Iterator[str]:
    pairs = (
        ("Service", one.service, two.service),
        ("Contract", f"{one.contract} {one.contract_version}", f"{two.contract} {two.contract_version}"),
        ("Rules of judgement", f"version {one.rules_version}", f"version {two.rules_version}"),
        ("Window", one.window, two.window),
        ("Known at", f"{one.as_of:%Y-%m-%d %H:%M} UTC", f"{two.as_of:%Y-%m-%d %H:%M} UTC"),
        ("Charge", one.charge_base, two.charge_base),
    )
    for name, first, second in pairs:
        if first != second:
            yield f"{name}: {_shown(second)} instead of {_shown(first)}."


def _objectives(one: SlaComparison, two: SlaComparison) -> Iterator[str]:
    before, after = ({each.objective: each for each in judged.objectives} for judged in (one, two))
    for name in dict.fromkeys([*before, *after]):
        for which, here, there in (("first", before, after), ("second", after, before)):
            if name not in there:
                credit = _shown(here[name].credit)
                yield f"{_named(here[name])}: only the {which} judgement knows it, with a credit of {credit}."
        if name in before and name in after:
            yield from (f"{_named(after[name])}: {said}." for said in _objective(before[name], after[name]))


def _named(objective: ObjectiveJudgement) -> str:
    return f"{objective.objective} (clause {objective.clause})" if objective.clause else objective.objective


def _objective(one: ObjectiveJudgement, two: ObjectiveJudgement) -> Iterator[str]:
    pairs = (
        ("{} instead of {}", two.verdict.replace("_", " "), one.verdict.replace("_", " ")),
        ("promised {} instead of {}", two.target, one.target),
        ("measured {} instead of {}", two.measured, one.measured),
        ("{} s in the window instead of {} s", two.total_seconds, one.total_seconds),
        ("{} s counted instead of {} s", two.counted_seconds, one.counted_seconds),
        ("{} s left out instead of {} s", two.excluded_seconds, one.excluded_seconds),
        ("{} s without data instead of {} s", two.no_data_seconds, one.no_data_seconds),
        ("tier {} instead of {}", two.tier, one.tier),
        ("rule {} instead of {}", two.rule, one.rule),
        ("credit {} instead of {}", two.credit, one.credit),
    )
    for said, second, first in pairs:
        if first != second:
            yield said.format(_shown(second), _shown(first))
    yield from _intervals(one.intervals, two.intervals)


def _intervals(one: Sequence[CountedInterval], two: Sequence[CountedInterval]) -> Iterator[str]:
    """Name the stretches of time that only one of them has, or that the two take for something else."""
    before, after = ({(each.start, each.end, each.kind): each for each in side} for side in (one, two))
    found = [("now", each) for key, each in after.items() if key not in before]
    found += [("no longer", each) for key, each in before.items() if key not in after]
    found.sort(key=lambda entry: (entry[1].start, entry[0]))
    for now, each in found[:_MOST]:
        reference = f" [{each.reference}]" if each.reference else ""
        when = f"{each.start:%Y-%m-%d %H:%M:%S} to {each.end:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{when} {now} {_LEFT_OUT[each.kind]}: {each.why}{reference}"
    if len(found) > _MOST:
        yield f"and {len(found) - _MOST} more stretches of time"


def _money(one: SlaComparison, two: SlaComparison) -> Iterator[str]:
    if one.credit_due == two.credit_due:
        return
    said = f"Credit due: {_due(two.credit_due)} instead of {_due(one.credit_due)}"
    yield f"{said}, by {' and '.join(_causes(one, two)) or 'another charge'}."


def _due(credit: Money | None) -> str:
    return "to be decided by a person" if credit is None else str(credit)


def _causes(one: SlaComparison, two: SlaComparison) -> Iterator[str]:
    """Name the objectives whose credits differ, and what is done with credits after that."""
    before, after = ({each.objective: each for each in judged.objectives} for judged in (one, two))
    for name in dict.fromkeys([*before, *after]):
        if getattr(before.get(name), "credit", None) != getattr(after.get(name), "credit", None):
            yield _named(after.get(name) or before[name])
    if (one.capped, one.cap) != (two.capped, two.cap) and (one.capped or two.capped):
        yield f"the cap ({_shown(two.cap)} instead of {_shown(one.cap)})"
    if one.claim.state != two.claim.state:
        yield f"the claim ({two.claim.state.replace('_', ' ')} instead of {one.claim.state.replace('_', ' ')})"
    stacked = [
        [step.partition(", ")[0] for step in judged.credit_steps if "not paid beside a higher one" in step]
        for judged in (one, two)
    ]
    if stacked[0] != stacked[1]:
        yield "what is paid beside each other (stacking)"


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
