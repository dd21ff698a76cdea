"""The rule shapes of a credit-case file in the words of our contract format."""

import re
from typing import Any

from tests.acceptance.case_object import CaseObject, UnableToTranslate

Fields = dict[str, Any]

_BOUNDS = {"gte": "at_least", "gt": "more_than", "lte": "at_most", "lt": "below"}


def _value_tiers(tiers: list[CaseObject]) -> list[Fields]:
    return [{ours: t[k] for k, ours in _BOUNDS.items() if k in t} | {"credit": _credit(t)} for t in tiers]


def _duration_tiers(tiers: list[CaseObject]) -> list[Fields]:
    names = {f"{k}_s": ours for k, ours in _BOUNDS.items()}
    return [{ours: f"{t[k]} s" for k, ours in names.items() if k in t} | {"credit": _credit(t)} for t in tiers]


def _credit(tier: CaseObject) -> str:
    return tier["credit_fraction"] if "credit_fraction" in tier else f"{tier['credit_pct']}%"


def _availability(rule: Fields, **more: Any) -> Fields:
    return {"metric": "availability", "rule": rule, **more}


def _percent_tiers(entry: CaseObject, _case: CaseObject) -> Fields:
    rounding = {"round_decimals": entry["round_dp"]} if "round_dp" in entry else {}
    return _availability({"kind": "tiers", "tiers": _value_tiers(entry["tiers"]), **rounding})


def _cumulated(entry: CaseObject, _case: CaseObject) -> Fields:
    column = {"percent_column": _value_tiers(entry["parallel_pct_tiers"])} if "parallel_pct_tiers" in entry else {}
    return _availability({"kind": "duration_tiers", "tiers": _duration_tiers(entry["tiers"]), **column})


def _error_rates(entry: CaseObject, _case: CaseObject) -> Fields:
    measure = {"kind": "error_rates", "interval": f"{entry['interval_seconds']} s"}
    rule = {"kind": "tiers", "tiers": _value_tiers(entry["tiers"])}
    return {"metric": "success_rate", "measure": measure, "rule": rule}


def _block(entry: CaseObject) -> Fields:
    days = {"days_in_month": "in_period"}.get(entry["day_basis"], entry["day_basis"])
    counts = "started" if entry["partial_block_counts"] else "full"
    return {"block": f"{entry['block_seconds']} s", "counts": counts, "days": days}


def _blocks(entry: CaseObject, _case: CaseObject) -> Fields:
    return _availability({"kind": "day_per_block", **_block(entry)})


def _excess_blocks(entry: CaseObject, _case: CaseObject) -> Fields:
    nearest = {"nearest": f"{entry['round_to_seconds']} s"} if "round_to_seconds" in entry else {}
    return _availability({"kind": "day_per_excess_block", **_block(entry), **nearest})


def _calendar_days(entry: CaseObject, _case: CaseObject) -> Fields:
    outage = {"more_than": f"{entry['min_outage_seconds_exclusive']} s"}
    return _availability({"kind": "share_per_day", "share": entry["fraction"], "outage": outage})


def _mean_restore(entry: CaseObject, _case: CaseObject) -> Fields:
    rule = {"kind": "share_when_missed", "credit": f"{entry['credit_pct']}%"}
    return {"metric": "time_to_restore", "target": f"{entry['target_seconds']} s", "rule": rule}


def _shortfall(entry: CaseObject, _case: CaseObject) -> Fields:
    rule = {"kind": "share_per_step", "step": entry["step_pct"], "credit": f"{entry['credit_pct_per_step']}%"}
    return _availability(rule, target=entry["target_pct"])


def metric_of(measured: CaseObject | None) -> str:
    """Return our name of what a case measured."""
    return "jitter" if measured is not None and "jitter" in measured.get("metric", "") else "latency"


def _measured(entry: CaseObject, case: CaseObject) -> Fields:
    """Take the target that the case states, else the entry's; without one the check refuses the contract."""
    measured = case.get("measured")
    metric = "jitter" if "jitter" in entry["title"].lower() else metric_of(measured)
    given, stated = measured.get("target") if measured else case.get("target"), entry.get("target")
    stated = stated if given is None else given
    if stated is None and (ours := re.search(r"target (\d+(?:\.\d+)?) ms is ours", " ".join(entry["assumptions"]))):
        stated = ours[1]
    return {"metric": metric, "target": stated}


def _full_units(entry: CaseObject, case: CaseObject) -> Fields:
    rule = {"kind": "share_per_step", "step": "1", "counts": "full", "credit": entry["fraction_per_ms"]}
    return {**_measured(entry, case), "rule": {**rule, "most_steps": entry["max_ms"]}}


def _overruns(entry: CaseObject, case: CaseObject) -> Fields:
    thresholds = [{"overrun": tier["gte"], "credit": f"{tier['credit_pct']}%"} for tier in entry["tiers"]]
    return {**_measured(entry, case), "rule": {"kind": "overrun_tiers", "thresholds": thresholds}}


def _fixed_sums(entry: CaseObject, case: CaseObject) -> Fields:
    kind = case["kind"]
    rates, grace = entry["rates"], entry["grace_working_days"]
    for table in (rates, grace):
        table.read_all()  # the rates of the other kinds belong to other cases
    rule = {"kind": "sum_per_day", "applies_to": kind, "sum": rates[kind], "grace_working_days": grace[kind]}
    return {"metric": "delay", "rule": rule}


def _fault_hours(_entry: CaseObject, _case: CaseObject) -> Fields:
    return _availability({"kind": "day_per_block", "block": "1 h", "counts": "full"})


def _daily(entry: CaseObject, _case: CaseObject) -> Fields:
    read = re.search(r"x (\d+) / (\d+) x days late", entry["formula"])
    if read is None:
        raise UnableToTranslate(f"the formula {entry['formula']!r} is not understood")
    times, days = read.groups()
    rule = {"kind": "daily_rate", "periods_per_year": int(times), "days_per_year": int(days)}
    return {"metric": "delay", "rule": rule}


def _stated_credits(_entry: CaseObject, _case: CaseObject) -> Fields:
    return {"metric": "events", "rule": {"kind": "event_credits"}}


RULES = {
    "availability_tiers": _percent_tiers,
    "availability_tiers_rounded": _percent_tiers,
    "error_rate_tiers": _error_rates,
    "duration_tiers": _cumulated,
    "block_day_credit": _blocks,
    "excess_block_day_credit": _excess_blocks,
    "calendar_day_fraction": _calendar_days,
    "mttr": _mean_restore,
    "shortfall_steps": _shortfall,
    "ms_over": _full_units,
    "overrun_pct_tiers": _overruns,
    "fixed_per_day": _fixed_sums,
    "hour_day_credit_quarter": _fault_hours,
    "daily_rate": _daily,
    "stacking": _stated_credits,
}
