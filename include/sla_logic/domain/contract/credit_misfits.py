"""Parts of a credit rule that do not fit what is measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.finding import LineOf
from include.sla_logic.domain.sentence import Code, Sentence


@dataclass(frozen=True, slots=True)
class Misfits:
    """One credit rule with its objective and contract; a window has at most `longest` seconds."""

    contract: Contract
    objective: Objective
    rule: Credit
    line: LineOf
    longest: int

    @property
    def timed(self) -> bool:
        """Tell whether downtime of the window is measured."""
        return isinstance(self.objective.measured_by, measures.OF_DOWNTIME) and self.objective.rolling_windows is None

    @property
    def repairs(self) -> bool:
        """Tell whether each repair is compared with the target."""
        return isinstance(self.objective.measured_by, measures.ONE_BY_ONE) and not self.objective.rolling_windows

    @property
    def late(self) -> bool:
        """Tell whether days late are counted."""
        return isinstance(self.objective.measured_by, measures.FromDaysLate)

    def of_units(self) -> Iterator[tuple[bool, str, str]]:
        """Yield whether a part does not fit what is counted, its field, and why."""
        rule, counts_time = self.rule, self.timed or self.repairs
        sizes = [("beyond", rule.beyond), ("block", rule.block)]
        sizes += [("tiers", bound) for tier in rule.tiers for bound in tier.bounds]
        for field, size in sizes:
            plain = size not in (None, "target", 0)
            text = Sentence("%(field)s is a length of time, but no time is counted", field=field)
            yield plain and isinstance(size, int) and not counts_time, field, text
            values = field == "tiers" and rule.for_each == "window" and not rule.bounded_by_time
            values |= field == "block" and rule.for_each == "window" and rule.beyond == "target"
            text = Sentence("%(field)s has no unit: write a length of time such as 5 min", field=field)
            yield plain and not isinstance(size, int) and self.timed and not values, field, text
        yield (
            rule.pays_always and not (counts_time or self.late),
            "rate" if rule.rate else "tiers",
            Sentence("the rule would pay in every window: give when, beyond, or bounds"),
        )
        yield rule.pays_time and not counts_time, "kind", Sentence("pro_rata pays for time, but no time is counted")
        yield (
            rule.nearest is not None and not counts_time,
            "nearest",
            Sentence("nearest rounds time, but no time is counted"),
        )
        one_target = rule.beyond == "target" and rule.for_each != "window" and not self.repairs
        each = Sentence("the target is one of the window, not of each %(unit)s", unit=Code(rule.for_each))
        yield one_target, "beyond", each
        row = rule.in_a_row is not None and self.repairs and rule.for_each == "event"
        yield row, "in_a_row", Sentence("in_a_row counts windows, but each repair has the target for itself")
        yield (
            rule.tiers_by is not None and rule.for_each != "window",
            "tiers_by",
            Sentence("an overrun is one of the window"),
        )
        yield (
            bool(rule.percent_column) and not self.timed,
            "percent_column",
            Sentence("percent_column compares downtime"),
        )

    def of_days(self) -> Iterator[tuple[bool, str, str]]:
        """Yield the same for parts about events, days and what was late."""
        rule = self.rule
        yield (
            rule.for_each == "event" and not (self.timed or self.repairs),
            "for_each",
            Sentence("no events are counted"),
        )
        yield rule.for_each == "day" and not (self.timed or self.late), "for_each", Sentence("no days are counted")
        yield (
            rule.outage is not None and not self.timed,
            "outage",
            Sentence("outage bounds an outage, but none is counted"),
        )
        yield rule.promise is not None and not self.late, "promise", Sentence("promise names what was late")
        graced = rule.grace_working_days and rule.for_each != "day"
        yield bool(graced), "grace_working_days", Sentence("grace_working_days need for_each: day")
        yield self.late and rule.first_day == "outage", "first_day", Sentence("days late are counted from the report")
        other = rule.event_in != "window_of_end" and (rule.for_each != "event" or not self.timed)
        yield other, "event_in", Sentence("event_in says which window pays an outage that crosses its edge")
