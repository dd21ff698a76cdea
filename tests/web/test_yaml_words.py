"""What the YAML parser says is known word for word, so that a page can say it in the reader's language."""

import pytest

from include.sla_logic.domain.contract import UnableToReadContract, read_contract
from include.sla_logic.web import translations
from include.sla_logic.web.rendering import retell
from include.sla_logic.web.yaml_words import PROBLEMS

WRONG = {
    "id: a: b": "mapping values are not allowed in this context",
    "id: [1, 2": "did not find expected ',' or ']'",
    "id: {1: 2": "did not find expected ',' or '}'",
    "id: 'x": "found unexpected end of stream",
    'id: "\\q"': "found unknown escape character",
    "id: @x": "found character that cannot start any token",
    "- a\nid: c": "did not find expected '-' indicator",
    "id: b\n- c": "did not find expected key",
    "id: - b": "block sequence entries are not allowed in this context",
    "id: !x!y z": "found undefined tag handle",
    "id: *": "did not find expected alphabetic or numeric character",
    "id: |0\n x": "found an indentation indicator equal to 0",
    "id: |\n\t x": "found a tab character where an indentation space is expected",
    "]": "did not find expected node content",
}


@pytest.mark.parametrize(("text", "problem"), WRONG.items())
def test_what_the_parser_says_is_said_in_german(text, problem):
    assert problem in PROBLEMS
    with pytest.raises(UnableToReadContract, match="not YAML: ") as refused:
        read_contract(text, name="a")
    said = refused.value.args[0]
    assert problem in said
    with translations.reading("de"):
        assert "kein YAML: " in retell(said)
        assert problem not in retell(said)
