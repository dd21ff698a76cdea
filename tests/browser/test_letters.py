"""The letter as the customer sees it: on a phone, on a screen, on paper; pictures of each are left to look at."""

import re

import pypdfium2
import pytest

from include.sla_logic.domain.mail_message import read_message
from include.sla_logic.letters.letter_outbox import as_page, render
from include.sla_logic.letters.pdf import as_pdf
from tests.browser.conftest import SHOTS, found_grave
from tests.letters.reports import customer, report, variants
from tests.pango import need_pango

pytestmark = pytest.mark.xdist_group("browser")
LETTERS = SHOTS / "letters"
NARROW = 360
EDGE, NUMBER = 40, 20  # points of white paper on each side, and below the number of the page
LONG = "Unbroken" * 40
CODE = re.compile(r"\b[a-z]+(_[a-z0-9]+)+\b|\b(None|True|False)\b|Traceback|\{\w+\}")


@pytest.fixture(scope="module", params=["en", pytest.param("de", marks=pytest.mark.more)])
def letters(request):
    """Write every variant in one language, and one whose texts have no place to break."""
    LETTERS.mkdir(parents=True, exist_ok=True)
    need_pango()
    told = variants() | {
        "unbroken": report(service_name=LONG, customer_name=LONG, description=LONG, external_reference="X" * 64)
    }
    language = request.param
    return {
        f"{name}-{language}": render(
            each.model_copy(update={"locale": language}), customer(locale=language), installation="k3"
        )
        for name, each in told.items()
    }


@pytest.mark.more
@pytest.mark.parametrize("width", [NARROW, pytest.param(1440, marks=pytest.mark.more)])
def test_a_letter_fits_the_screen_and_shows_its_pictures(windows, letters, width):
    window = windows("about:", width=width)
    for name, kept in letters.items():
        window.page.set_content(as_page(kept))
        window.page.screenshot(path=LETTERS / f"{name}-{width}.png", full_page=True)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width, name
        drawn = window.page.evaluate("[...document.images].map(each => each.complete && each.naturalWidth)")
        assert all(drawn), name
        assert not CODE.search(window.page.locator("main").inner_text()), name
        assert width > NARROW or found_grave(window.page) == [], name


@pytest.mark.more
def test_a_letter_fits_the_printed_page(letters):
    for name, kept in letters.items():
        pages = pypdfium2.PdfDocument(as_pdf(kept))
        assert 1 <= len(pages) <= 4, name
        for number, page in enumerate(pages):
            picture = page.render(scale=1).to_pil().convert("L")
            picture.save(LETTERS / f"{name}-page-{number + 1}.png")
            width, height = picture.size
            written = picture.point(lambda grey: 255 if grey < 250 else 0).getbbox()
            assert written is not None, (name, number)
            left, top, right, bottom = written
            assert min(left, top, width - right) >= EDGE, (name, number, written)
            assert height - bottom >= NUMBER, (name, number, written)


def test_a_letter_in_plain_words_fits_72_columns(letters):
    for name, kept in letters.items():
        text = read_message(str(kept["message"])).get_body(("plain",)).get_content()
        # an address longer than the line stays whole: broken, it could not be followed
        wide = [line for line in text.splitlines() if len(line) > 72 and len(line.removeprefix("> ").split()) > 1]
        assert wide == [], name
        assert not CODE.search(text), name
