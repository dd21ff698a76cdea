"""A decision stands for what the person decided: not for what a cap over several windows leaves again afterwards."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.assessment.provider import Provider
from tests.assessment.test_settlement import booked, close, complete
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

HOURS = {"kind": "credit", "block": "1 h", "rate": "5 EUR"}
TERMS = {"claim": {"automatic": True}, "cap": {"share": "20%", "over": "quarter"}, "approval_limit": 40}
HEADER = "service,reference,started_at,ended_at,attribution\n"


def down(provider: Provider, month: int, hours: int, *, by: str = "provider") -> None:
    """Record how long that month was down, in place of what was recorded before."""
    start = datetime(2026, month, 5, tzinfo=UTC)
    row = f"S-1,O-{month},{start.isoformat()},{(start + timedelta(hours=hours)).isoformat()},{by}\n"
    assert provider.bring("outages", HEADER + row) == []


def provider_of(folder: Path) -> Provider:
    """Owe 30 for October and 50 for November, of which a cap of 60 over the quarter leaves 30, held for a person."""
    provider = Provider(folder, empty_database())
    text = text_of(objective(HOURS), format=2, id="HOURS", version="1", **TERMS)
    provider.use_cases.imports.contracts([("hours.yaml", text)])
    assert provider.agree("A-1,K-1,S-1,HOURS,1,2026-10-01,,100,EUR,B-1,") == []
    complete(provider)
    down(provider, 10, 6)
    close(provider)
    down(provider, 11, 10)
    close(provider)
    assert held(provider) == ["30.00 EUR"]
    return provider


def waiting(provider: Provider):
    return [one for one in provider.use_cases.credits.waiting() if one.state == "held"]


def held(provider: Provider) -> list[str]:
    return [str(one.amount) for one in waiting(provider)]


def decide(provider: Provider, how: str) -> None:
    [one] = waiting(provider)
    getattr(provider.use_cases.credits, how)(one.reference, by="cleo", reason="seen")


def correct_october(provider: Provider, hours: int) -> None:
    """Owe less for October; a person takes the difference back."""
    down(provider, 10, *([hours] if hours else [6]), by="provider" if hours else "customer")
    close(provider)
    decide(provider, "approve")


def test_what_the_cap_leaves_again_is_held_for_approval_beside_what_was_approved(tmp_path):
    provider = provider_of(tmp_path)
    decide(provider, "approve")
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("30.00"), "2026-11": Decimal("30.00")}
    correct_october(provider, 0)
    close(provider)
    assert held(provider) == ["20.00 EUR"]
    decide(provider, "approve")
    close(provider)
    assert held(provider) == []
    assert booked(provider) == {"2026-11": Decimal("50.00")}


def test_each_part_that_the_cap_leaves_is_approved_once(tmp_path):
    provider = provider_of(tmp_path)
    decide(provider, "approve")
    for hours, total in ((4, "40.00"), (3, "45.00"), (1, "50.00")):
        correct_october(provider, hours)
        close(provider)
        decide(provider, "approve")
        assert close(provider).lines == ()
        assert booked(provider)["2026-11"] == Decimal(total)


def test_a_credit_that_was_declined_stays_declined(tmp_path):
    provider = provider_of(tmp_path)
    decide(provider, "decline")
    correct_october(provider, 0)
    close(provider)
    assert (held(provider), booked(provider)) == ([], {})


def test_an_amount_that_a_person_entered_is_that_of_the_window(tmp_path):
    provider = provider_of(tmp_path)
    [one] = waiting(provider)
    provider.use_cases.credits.enter(one.reference, amount="12.00", by="ann", reason="agreed by telephone")
    decide(provider, "approve")
    correct_october(provider, 0)
    close(provider)
    assert (held(provider), booked(provider)["2026-11"]) == ([], Decimal("12.00"))
