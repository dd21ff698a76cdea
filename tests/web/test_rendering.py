"""Figures as people read them."""

from decimal import Decimal

import pytest

from include.sla_logic.web.rendering import figure
from include.sla_logic.web.wording import title_of


@pytest.mark.parametrize(
    ("value", "unit", "beside", "shown"),
    [
        ("99.09421296", "percent", "99.9", "99.0942 %"),
        ("100.00000000", "percent", "99.9", "100 %"),
        ("99.90000000", "percent", "99.9", "99.9 %"),
        ("99.89999999", "percent", "99.9", "99.89999999 %"),  # rounded, it would look kept
        ("45.00001", "ms", "45", "45.00001 ms"),
        ("3000", "ms", None, "3000 ms"),
        ("0.0", "", None, "0"),
    ],
)
def test_a_figure_is_short_and_never_looks_like_a_promise_that_it_missed(value, unit, beside, shown):
    assert figure(Decimal(value), unit, None if beside is None else Decimal(beside)) == shown


def test_what_was_not_measured_is_a_dash():
    assert figure(None, "percent", Decimal("99.9")) == "–"


def test_a_heading_spells_the_agreement_in_capitals():
    assert title_of("report_sla_rebate") == "Report SLA rebate"
    assert title_of("compare_with_sla") == "Compare with SLA"
    assert title_of("translate") == "Translate"
