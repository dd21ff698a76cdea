"""Programs depend on the API: its routes, fields and formats change only on purpose."""

from difflib import unified_diff

from tests.web.api_shape import STORED, shape_of_the_api


def test_the_api_has_the_shape_that_programs_know():
    stored, now = STORED.read_text(encoding="utf-8").splitlines(), shape_of_the_api().splitlines()
    changed = "\n".join(unified_diff(stored, now, "stored", "now", lineterm="", n=4))
    assert not changed, f"{changed}\nIf this is meant, say so in the CHANGELOG and run: python -m tests.web.api_shape"
