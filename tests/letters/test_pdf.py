import builtins
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from include.sla_logic.domain.mail_message import page_of, read_message
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


def texts(box: Any) -> Iterator[Any]:
    if getattr(box, "text", None):
        yield box
    for child in getattr(box, "children", ()):
        yield from texts(child)


@pytest.mark.usefixtures("pango")
def test_the_address_stands_in_the_window_of_an_envelope_and_nothing_else_does() -> None:
    import weasyprint

    mail = render(report(series=()), customer(address="Hauptstraße 7;1010 Wien"), installation="k3")["message"]
    [first, *_] = weasyprint.HTML(string=page_of(read_message(mail))).render().pages
    found = [(box.text, box.position_x / 96 * 25.4, box.position_y / 96 * 25.4) for box in texts(first._page_box)]
    inside = [text for text, left, top in found if left < 105 and 45 <= top < 90]  # DIN 5008, form B, in mm
    assert inside == ["Marta Lindqvist", "Hauptstraße 7", "1010 Wien"]
    assert {round(left) for text, left, top in found if text in inside} == {25}
    assert min(top for text, left, top in found if text in inside) >= 62


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
