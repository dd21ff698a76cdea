import builtins
import sys
from functools import cache
from typing import Any

import pytest

from include.sla_logic.letters.letter_outbox import render
from include.sla_logic.letters.pdf import UnableToMakePdf, as_pdf
from tests.letters.reports import customer, report


@cache
def payload() -> dict[str, Any]:
    return render(report(), customer(), installation="k3")


@pytest.mark.usefixtures("pango")
def test_a_letter_as_pdf_is_the_same_each_time() -> None:
    first, second = as_pdf(payload()), as_pdf(payload())

    assert first.startswith(b"%PDF-")
    assert first == second


def without(error: Exception) -> Any:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise error
        return real(name, *args, **kwargs)

    return refuse


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("No module named 'weasyprint'"), "pip install 'weasyprint"),
        (OSError("cannot load library 'libpango-1.0-0'"), "apt-get install libpango"),
    ],
)
def test_what_is_missing_for_a_pdf_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", without(error))

    with pytest.raises(UnableToMakePdf, match=said):
        as_pdf({"message": ""})
