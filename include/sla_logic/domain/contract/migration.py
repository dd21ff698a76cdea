"""Rewriting a contract file in the newest format: rules of replaced kinds, and nothing else, comments included."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import yaml

from include.sla_logic.domain.contract.linting import check_contract
from include.sla_logic.domain.contract.reading import UnableToReadContract, read_fields
from include.sla_logic.domain.contract.rules import REPLACED_KINDS

NEWEST_FORMAT = 2
Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass(slots=True)
class _Edits:
    """Changes of a text by place; the same place is changed once, as two rules may share it."""

    found: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def replace(self, node: yaml.Node, text: str) -> None:
        self.found[node.start_mark.index, node.end_mark.index] = text

    def rename(self, pairs: Pairs, **names: str) -> None:
        for old, new in names.items():
            if old in pairs:
                self.replace(pairs[old][0], new)

    def add(self, rule: yaml.MappingNode, kind: yaml.Node, *parts: str) -> None:
        """Write further parts behind the kind, in the style of the rule."""
        joint = ", " if rule.flow_style else "\n" + " " * rule.start_mark.column
        self.replace(kind, joint.join(("credit", *parts)))

    def apply(self, text: str) -> str:
        for (start, end), new in sorted(self.found.items(), reverse=True):
            text = text[:start] + new + text[end:]
        return text


def migrate(text: str, *, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the text in the newest format, and what is judged differently in it; raise `UnableToReadContract`."""
    fields, _lines = read_fields(text, name=name)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # noqa: S101 - read_fields has refused any other
    edits = _Edits()
    pairs = _pairs(root)
    objectives = pairs["objectives"][1].value if "objectives" in pairs else []
    for node in objectives:
        rule = _pairs(node).get("rule")
        if rule is not None and isinstance(rule[1], yaml.MappingNode):
            _rewrite(rule[1], str(fields.get("currency")), edits)
    if fields.get("format", 1) == 1:
        _keep_who_is_paid(pairs, edits)
    if "format" in pairs:
        edits.replace(pairs["format"][1], f"{NEWEST_FORMAT}")
    elif root.value:
        first = root.value[0][0]
        edits.found[first.start_mark.index, first.start_mark.index] = f"format: {NEWEST_FORMAT}" + (
            ", " if root.flow_style else "\n"
        )
    written = edits.apply(text)
    _, before = check_contract(text, name=name)
    _, after = check_contract(written, name=name)
    new = [f for f in after if f.level == "refuses" and f.code not in {old.code for old in before}]
    if new:
        raise UnableToReadContract(f"it cannot be rewritten: {new[0].text}", name=name, line=new[0].line)
    return written, tuple(edits.notes)


def _keep_who_is_paid(pairs: Pairs, edits: _Edits) -> None:
    """Say what format 1 meant by saying nothing: an outage without a ticket is paid."""
    claim = pairs["claim"][1] if "claim" in pairs else None
    given = _pairs(claim) if claim is not None else {}
    if isinstance(claim, yaml.MappingNode) and "ticket_within" in given and "ticket" not in given:
        key = given["ticket_within"][0]
        joint = ", " if claim.flow_style else "\n" + " " * claim.start_mark.column
        edits.found[key.start_mark.index, key.start_mark.index] = f"ticket: not_required{joint}"
        return
    counting = _pairs(pairs["counting"][1]) if "counting" in pairs else {}
    clock = counting["clock_start"][1].value if "clock_start" in counting else None
    if clock in ("reported", "ticket_opened") and "ticket" not in given:
        edits.notes.append(
            f"line {counting['clock_start'][0].start_mark.line + 1}: means, percentiles and sampled downtime are paid "
            "only if the customer reported something; claim: {ticket: not_required} pays them all"
        )


def _pairs(node: yaml.Node) -> Pairs:
    return {key.value: (key, value) for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _rewrite(rule: yaml.MappingNode, currency: str, edits: _Edits) -> None:
    pairs = _pairs(rule)
    kind = pairs["kind"][1] if "kind" in pairs else None
    if kind is None or kind.value not in REPLACED_KINDS:
        return
    edits.add(rule, kind, *_NEW_PARTS.get(kind.value, ()))
    _REWRITING[kind.value](rule, pairs, edits)
    if kind.value == "sum_per_day" and "sum" in pairs:
        edits.replace(pairs["sum"][1], f"{pairs['sum'][1].value} {currency}")


_NEW_PARTS = {
    "day_per_excess_block": ("beyond: target",),
    "share_per_day": ("for_each: day",),
    "share_when_missed": ("when: target_missed",),
    "share_per_step": ("beyond: target",),
    "overrun_tiers": ("tiers_by: overrun",),
    "sum_per_day": ("for_each: day",),
    "daily_rate": ("for_each: day",),
}


def _tiers(_rule: yaml.MappingNode, pairs: Pairs, edits: _Edits) -> None:
    for tier in _items(pairs, "tiers"):
        edits.rename(_pairs(tier), credit="rate")


def _days(rule: yaml.MappingNode, pairs: Pairs, edits: _Edits) -> None:
    if "days" in pairs:
        edits.rename(pairs, days="rate")
        edits.replace(pairs["days"][1], f"{{day: {pairs['days'][1].value}}}")
    else:
        kind = pairs["kind"][1]
        edits.add(rule, kind, *_NEW_PARTS.get(kind.value, ()), "rate: {day: in_period}")


def _renamed(**names: str) -> Callable[[yaml.MappingNode, Pairs, _Edits], None]:
    return lambda _rule, pairs, edits: edits.rename(pairs, **names)


def _thresholds(_rule: yaml.MappingNode, pairs: Pairs, edits: _Edits) -> None:
    """Turn thresholds, in whatever order, into bands that end where the next one begins."""
    edits.rename(pairs, thresholds="tiers")
    entries = [(_pairs(entry), entry) for entry in _items(pairs, "thresholds")]
    values = sorted({Decimal(found["overrun"][1].value) for found, _node in entries if "overrun" in found})
    for found, node in entries:
        edits.rename(found, overrun="at_least", credit="rate")
        value = Decimal(found["overrun"][1].value)
        following = next((other for other in values if other > value), None)
        if following is not None:
            joint = ", " if node.flow_style else "\n" + " " * node.start_mark.column
            edits.replace(found["overrun"][1], f"{found['overrun'][1].value}{joint}below: {following}")
    if entries:
        first, column = entries[0][1], entries[0][1].start_mark.column
        several = pairs["thresholds"][1]
        in_row = isinstance(several, yaml.SequenceNode) and several.flow_style
        least = f"{{below: {values[0]}, rate: 0}}"
        edits.found[first.start_mark.index, first.start_mark.index] = (
            f"{least}, " if in_row else f"{least}\n{' ' * (column - 2)}- "
        )


def _late(rule: yaml.MappingNode, pairs: Pairs, edits: _Edits) -> None:
    edits.rename(pairs, sum="rate", applies_to="promise")
    edits.notes.append(
        f"line {rule.start_mark.line + 1}: days late are paid by the window in which they lie, no longer all at once"
    )


def _daily_rate(rule: yaml.MappingNode, pairs: Pairs, edits: _Edits) -> None:
    _late(rule, pairs, edits)
    edits.rename(pairs, periods_per_year="times", days_per_year="rate")
    if "days_per_year" in pairs:
        edits.replace(pairs["days_per_year"][1], f"{{day: {pairs['days_per_year'][1].value}}}")
    else:
        edits.add(rule, pairs["kind"][1], *_NEW_PARTS["daily_rate"], "rate: {day: 365}")


def _items(pairs: Pairs, name: str) -> Iterator[yaml.MappingNode]:
    if name in pairs and isinstance(pairs[name][1], yaml.SequenceNode):
        yield from (node for node in pairs[name][1].value if isinstance(node, yaml.MappingNode))


_REWRITING: dict[str, Callable[[yaml.MappingNode, Pairs, _Edits], None]] = {
    "tiers": _tiers,
    "duration_tiers": _tiers,
    "day_per_block": _days,
    "day_per_excess_block": _days,
    "share_per_day": _renamed(share="rate"),
    "share_when_missed": _renamed(credit="rate"),
    "share_per_step": _renamed(step="block", credit="rate", most_steps="most_blocks"),
    "overrun_tiers": _thresholds,
    "sum_per_day": _late,
    "daily_rate": _daily_rate,
}
