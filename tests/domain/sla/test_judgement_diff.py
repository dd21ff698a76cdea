"""What differs between two judgements, said in sentences: first what counted, then the money and its cause."""

from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.judgement_diff import differences
from tests.domain.sla.make import at, contract, euros, facts, judge, objective, outage

FOUR_HOURS = outage("2025-04-10 08:00", "2025-04-10 12:00")


def minutes(count: int, *, day: int = 10) -> list[object]:
    return [outage(f"2025-04-{day:02} {i:02}:00", f"2025-04-{day:02} {i:02}:01", f"O{i}") for i in range(count)]


def judged(*outages: object, **terms: object) -> SlaComparison:
    clause = terms.pop("clause", "7.1")
    return judge(contract(objective(clause=clause), **terms), facts(*outages))  # type: ignore[arg-type]


def test_a_judgement_agrees_with_itself() -> None:
    assert differences(judged(FOUR_HOURS), judged(FOUR_HOURS)) == []


def test_terms_that_differ_are_named_in_the_order_of_the_two() -> None:
    one = judged(FOUR_HOURS)
    two = one.model_copy(
        update={
            "service": "S-2",
            "contract_version": "8",
            "rules_version": "9",
            "as_of": at("2025-06-01 10:30"),
            "charge_base": None,
        }
    )
    assert differences(one, two) == [
        "Service: S-2 instead of S-1.",
        "Contract: K-1 8 instead of K-1 7.",
        f"Rules of judgement: version 9 instead of version {one.rules_version}.",
        "Known at: 2025-06-01 10:30 UTC instead of 2025-05-20 00:00 UTC.",
        "Charge: none instead of 100.00 EUR.",
    ]


def test_an_objective_of_one_judgement_alone_is_named_with_its_credit() -> None:
    one = judged(FOUR_HOURS, clause=None)
    other = one.objectives[0].model_copy(update={"objective": "uptime"})
    two = one.model_copy(update={"objectives": (other,)})
    assert differences(one, two) == [
        "availability: only the first judgement knows it, with a credit of 10.00 EUR.",
        "uptime: only the second judgement knows it, with a credit of 10.00 EUR.",
    ]


def test_ten_stretches_of_time_are_named_and_more_are_counted() -> None:
    none = judged()
    for count, last in ((10, "2025-04-10 09:00:00 to"), (11, "and 1 more stretches"), (13, "and 3 more stretches")):
        said = [one for one in differences(none, judged(*minutes(count))) if " now counts" in one or " more " in one]
        assert len(said) == min(count, 11)
        assert last in said[-1]
    said = [one for one in differences(judged(*minutes(2)), judged(*minutes(2, day=9))) if "counts" in one]
    assert [one.split(": ")[1] for one in said] == [
        "2025-04-09 00:00:00 to 2025-04-09 00:01:00 UTC now counts",
        "2025-04-09 01:00:00 to 2025-04-09 01:01:00 UTC now counts",
        "2025-04-10 00:00:00 to 2025-04-10 00:01:00 UTC no longer counts",
        "2025-04-10 01:00:00 to 2025-04-10 01:01:00 UTC no longer counts",
    ]


def money(one: SlaComparison, two: SlaComparison) -> str | None:
    said = [line for line in differences(one, two) if line.startswith("Credit due")]
    assert len(said) <= 1
    return said[0] if said else None


def test_the_money_names_the_clause_the_cap_the_claim_or_the_stacking() -> None:
    one = judged(FOUR_HOURS)
    assert money(one, judged(FOUR_HOURS, charge_base="recurring")) is None
    capped = judged(FOUR_HOURS, cap={"share": "5%"})
    named = "Credit due: 5.00 EUR instead of 10.00 EUR, by the cap (5.00 EUR instead of none)."
    assert money(one, capped) == named
    assert money(capped, judged(cap={"share": "5%"})) == (
        "Credit due: 0.00 EUR instead of 5.00 EUR, by availability (clause 7.1) and the cap (5.00 EUR instead of none)."
    ).replace("(5.00 EUR instead of none)", "(5.00 EUR instead of 5.00 EUR)")
    dearer = one.model_copy(update={"credit_due": euros("12.00")})
    assert money(one, dearer) == "Credit due: 12.00 EUR instead of 10.00 EUR, by another charge."
    undecided = one.model_copy(update={"credit_due": None})
    assert money(one, undecided) == ("Credit due: to be decided by a person instead of 10.00 EUR, by another charge.")
    late = dearer.model_copy(update={"claim": one.claim.model_copy(update={"state": "too_late"})})
    assert money(one, late) == (
        f"Credit due: 12.00 EUR instead of 10.00 EUR, by the claim (too late instead of {one.claim.state})."
    )
    beside = dearer.model_copy(update={"credit_steps": ("jitter, not paid beside a higher one: 5.00 EUR",)})
    assert money(one, beside) == (
        "Credit due: 12.00 EUR instead of 10.00 EUR, by what is paid beside each other (stacking)."
    )


def test_a_cap_that_cut_nothing_is_no_cause() -> None:
    one = judged(FOUR_HOURS)
    two = one.model_copy(update={"cap": euros("50.00"), "credit_due": euros("12.00")})
    assert money(one, two) == "Credit due: 12.00 EUR instead of 10.00 EUR, by another charge."
