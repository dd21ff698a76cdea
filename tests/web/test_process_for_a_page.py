"""The README's picture of the process is that of the graph, and readable at the width of a page."""

import re

from tests.web.process_for_a_page import STORED, WIDTH, picture


def test_the_picture_in_the_readme_is_that_of_the_graph():
    assert STORED.read_text("utf-8") == picture(), "run: python -m tests.web.process_for_a_page"


def test_the_picture_is_readable_at_the_width_of_a_page():
    sizes = [int(size) for size in re.findall(r"font(?:-size)?: (?:bold )?(\d+)px", picture())]
    assert min(sizes) * 880 / WIDTH >= 10  # a page on a laptop leaves 880 px to its text
