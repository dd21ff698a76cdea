"""The personal data of a customer is erased: the desk shows the mark in their place, and money and decisions."""

from pathlib import Path

import pytest

from include.sla_logic.domain.erasure import MARK
from include.sla_logic.web import Caller
from tests.assessment.provider import Provider
from tests.browser.conftest import found_grave
from tests.browser.serving import served_desk
from tests.state_machine.test_agreements_that_change import empty_database
from tests.web.one_person import desk_as
from tests.web.test_erasure import SECRETS, WHY, end, led

pytestmark = pytest.mark.more
TICKET, PLACES = (
    "TT-000001",
    ("/?shown=all", "/incidents/TT-000001", "/settlement/windows", "/incidents/TT-000001/letter"),
)


def test_the_pages_show_a_mark_in_place_of_what_was_erased(windows, tmp_path: Path):
    provider = led(Provider(tmp_path, empty_database()))
    end(provider)
    admin = Caller("otto", may_write=True, roles=("admin",))
    with served_desk(desk_as(admin, lambda: provider.use_cases)) as address:
        window = windows(address)
        before = told(window)
        erase(window)
        shown = told(window)
    assert {secret for secret in SECRETS if secret.lower() in before.lower()} >= {"Wilhelmina", "okapikalb"}
    assert [secret for secret in SECRETS if secret.lower() in shown.lower()] == []
    assert MARK in shown
    for kept in (TICKET, "declined by ben", "10.00 EUR"):
        assert kept in before
        assert kept in shown


def erase(window) -> None:
    """Find the customer's report and erase them there, with a reason."""
    page = window.go("/reports/customer?customer=K-1&month=2026-10")
    page.get_by_role("link", name="Erase personal data…").click()
    page.get_by_text("money, windows and judgements").wait_for()
    assert found_grave(page) == []
    page.set_viewport_size({"width": 360, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_label("Reason").fill(WHY["reason"])
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_text("The personal data are erased; records that were changed: ").wait_for()
    page.get_by_text(f"{WHY['reason']} (").wait_for()


def told(window) -> str:
    """Read all pages about the customer."""
    return "\n".join(window.go(path).locator("body").inner_text() for path in PLACES)
