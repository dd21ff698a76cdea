"""Every page fits the narrowest frame and the usual window, in each language, with every word readable."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.translations import FALLBACK, languages
from tests.browser.conftest import wait_until
from tests.browser.serving import served
from tests.web.desk_sample import HELD, Sample, build_sample
from tests.web.test_simulation_page import CHANGED, loaded_text, remember_outages
from tests.web.walks import READING, walk

pytestmark = pytest.mark.more
FRAME, PHONE, WINDOW = 288, 360, 1440  # Airflow's frame in a window of 360 pixels; that window; a usual one
SHEET = 700  # A4 between its margins
SIZES = {"12.04px", "14px", "17.5px", "21px"}  # the scale of the style sheet
OTHERS = (
    "/api/",
    "/tmf-api/",
    "/charts/",
    "/documents/",
    "/letter",
    ".csv",
    ".json",
    ".pdf",
    ".yaml",
    "/facts",
    "log?",
)

LOOK = """() => {
  const skipped = "script, style, select, textarea, noscript, .sr, .skip", parts = [], found = [];
  const names = (part) => part.node.textContent.trim().slice(0, 40);
  const clip = (rect, node) => {
    let { left, right, top, bottom } = rect;
    for (let each = node.parentElement; each && each !== document.body; each = each.parentElement) {
      if (getComputedStyle(each).overflowX === "visible") continue;
      const edge = each.getBoundingClientRect();
      left = Math.max(left, edge.left); right = Math.min(right, edge.right);
      top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
    }
    const over = (bottom - top) * 0.2;  // lines may touch
    return { left: left + 1, right: right - 1, top: top + over, bottom: bottom - over };
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const around = node.parentElement;
    if (!node.textContent.trim() || around.closest(skipped) || !around.checkVisibility()) continue;
    if (around.closest("thead")?.getBoundingClientRect().width <= 1) continue;  // only read aloud
    const range = document.createRange();
    for (const word of node.textContent.matchAll(/[\\p{L}\\p{N}][\\p{L}\\p{N}.,:@_]*/gu)) {
      if (word[0].length > 20 || getComputedStyle(around).whiteSpace === "nowrap") continue;
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top)));
      if (lines.size > 1) found.push(`broken: ${word[0]}`);
    }
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const seen = clip(rect, node);
      if (seen.right > seen.left && seen.bottom > seen.top) parts.push({ node, ...seen });
    }
  }
  const across = (one, other) => one.left < other.right && other.left < one.right
    && one.top < other.bottom && other.top < one.bottom;
  parts.sort((one, other) => one.top - other.top);
  parts.forEach((one, place) => {
    for (let next = place + 1; next < parts.length && parts[next].top < one.bottom; next++) {
      const other = parts[next];
      if (one.node !== other.node && across(one, other)) found.push(`over each other: ${names(one)} / ${names(other)}`);
    }
  });
  const boxes = [...document.querySelectorAll(".step rect")].map((each) => each.getBoundingClientRect());
  for (const label of parts.filter((each) => each.node.parentElement.matches(".label"))) {
    if (boxes.some((box) => across(label, box))) found.push(`on a step: ${names(label)}`);
  }
  for (const each of document.querySelectorAll("main *, header *, footer *")) {
    if (each.closest(skipped) || each.closest("thead")) continue;
    const style = getComputedStyle(each);
    if (each.clientWidth && style.overflowX === "hidden" && each.scrollWidth > each.clientWidth + 1
        && !each.title && !each.querySelector("[title]") && style.width !== "1px") {
      found.push(`cut and told nowhere: ${each.textContent.trim().slice(0, 40)}`);
    }
    if (!each.closest("svg") && each.textContent.trim() && each.checkVisibility()) found.push(`size ${style.fontSize}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Sample]]:
    """Serve a desk with an incident of every kind: its address, and the sample behind it."""
    sample = build_sample(tmp_path_factory.mktemp("fit"))
    with served(sample) as address:
        yield address, sample


def paths_of(sample: Sample) -> list[str]:
    """Name every page: each route that shows one, the incidents that differ most, and the form of every action."""
    shown = [route for route, status in READING.items() if status == 200 and not any(each in route for each in OTHERS)]
    held, failed = sample.tickets[HELD], sample.tickets["correction_fails"]
    subjects = {"ticket": failed, "credit": sample.use_cases.credits.waiting()[0].reference, "entry": "1"}
    subjects |= {"message": "1", "imports": "all", "run": "1", "report": "C-1001:2026-11"}
    waits = {"release": held, "reject": held}
    acts = [
        f"/acts/{kind}/{quote(waits.get(name, subjects[kind]), safe='')}/{name}"
        for (kind, name), action in ACTIONS.items()
        if kind in subjects and action.asks_reason
    ]
    more = ["/?shown=all", "/?search=nobody", "/problems?shown=all", "/new", "/new?customer=C-1001"]
    more += [f"/incidents/{held}", f"/incidents/{failed}", f"/acts/ticket/{held}/message"]
    return [*(walk(route)[1] for route in shown), *more, *acts]


@pytest.mark.parametrize("language", languages())
def test_every_page_fits_with_every_word_readable(windows, desk, language):
    address, sample = desk
    window = windows(address, headers={"x-member": "operator"}, locale=language)
    window.stall()
    wrong = {}
    for path in paths_of(sample):
        page = window.go(path)
        assert page.evaluate("document.documentElement.lang") == language, path
        page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true }")
        for width in (FRAME, PHONE, WINDOW):
            page.set_viewport_size({"width": width, "height": 900})
            seen = [each for each in page.evaluate(LOOK) if each.removeprefix("size ") not in SIZES]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                seen.append("wider than its frame")
            if seen:
                wrong[path, width] = seen
    assert wrong == {}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_print_shows_what_is_read_and_nothing_that_is_pressed(windows, desk, mode):
    address, sample = desk
    window = windows(address, headers={"x-member": "operator"}, locale="de", width=SHEET, mode=mode)
    for path in ("/?shown=all", f"/incidents/{sample.tickets['correction_fails']}", "/settlement/windows"):
        page = window.go(path)
        page.emulate_media(media="print", color_scheme=mode)
        assert [each for each in page.evaluate(LOOK) if not each.startswith("size ")] == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= SHEET, path
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("nav, button, .button").locator("visible=true").count(), path


FILLING = """async (usual) => {
  const images = [...document.querySelectorAll(".charts img")];
  for (const image of images) {
    image.loading = "eager";
    if (!(await image.decode().then(() => true, () => false))) return false;
    const card = image.closest(".card"), inside = getComputedStyle(card);
    const room = card.clientWidth - parseFloat(inside.paddingLeft) - parseFloat(inside.paddingRight);
    const drawn = Number(new URL(image.currentSrc).searchParams.get("width"));
    const type = 14 * image.clientWidth / drawn;
    if (room - image.getBoundingClientRect().width >= 1 || Math.abs(type / usual - 1) >= 0.2) return false;
  }
  return images.length > 0;
}"""


def test_charts_fill_their_cards_with_type_of_the_pages_size(windows, desk):
    address, sample = desk
    window = windows(address, headers={"x-member": "operator"})
    window.stall()
    for key in ("premium", "correction_fails"):
        page = window.go(f"/incidents/{sample.tickets[key]}")
        for width in (360, 600, 800, 1000, 1200, WINDOW, 1800, 1920, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            wait_until(page, FILLING, 16 if width > 1899 else 14)  # another picture comes a little after the window


WORDS = """() => [...document.querySelectorAll("table.board .w-what, table.board td[data-label=Problem] .cut")].map(
  (each) => each.clientWidth - (each.querySelector("b")?.offsetWidth ?? 0))"""

CUT = """() => {
  const edge = (each) => each.getBoundingClientRect().right;
  return [...document.querySelectorAll("table.board .cut")].filter(
    (each) => [...each.querySelectorAll("time, .chip")].some((one) => edge(one) > edge(each) + 1)
  ).map((each) => each.textContent);
}"""


@pytest.mark.parametrize("language", languages())
def test_a_line_of_the_board_shows_its_times_and_chips_whole_and_has_room_for_words(windows, desk, language):
    address, _sample = desk
    window = windows(address, headers={"x-member": "operator"}, width=1280, locale=language)
    page = window.go("/?shown=all")
    room = page.evaluate(WORDS)
    assert page.evaluate(CUT) == []
    assert len(room) > 10
    if language == FALLBACK:  # elsewhere what was reported may fill the column; the whole is told on hover
        assert min(room) >= 35


TYPE_OF_CHARTS = """(usual) => [...document.querySelectorAll(".charts svg")].filter((one) => one.checkVisibility()).map(
  (each) => usual * each.getBoundingClientRect().width / each.viewBox.baseVal.width)"""


@pytest.mark.parametrize("charts", [1, 2])
def test_charts_of_a_simulation_have_type_of_the_pages_size(windows, desk, charts):
    address, sample = desk
    remember_outages(sample)
    contract = loaded_text(sample) if charts == 1 else CHANGED  # in place of itself nothing differs
    page = windows(address, headers={"x-member": "operator"}).go("/simulation")
    page.get_by_label("The new contract").fill(contract)
    page.get_by_label("Instead of").select_option("office-access@1")
    page.get_by_label("Windows from").fill("2026-01-01")
    page.get_by_label("until, this day excluded").fill("2026-11-01")
    page.get_by_role("button", name="Simulate").click()
    page.locator(".charts figure").first.wait_for()
    for width in (360, 800, 1280, WINDOW, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        shown = page.evaluate(TYPE_OF_CHARTS, 14)
        assert len(shown) == charts, width
        assert all(10 <= each <= 21 for each in shown), (width, shown)
