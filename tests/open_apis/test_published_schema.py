"""The schema of violations in docs/ is the one that the API serves."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from include.sla_logic.domain.open_apis.sla_violation import SCHEMA, violation_schema

DOCS = Path(__file__).parents[2] / "docs"


def test_the_published_schema_is_the_one_that_is_served():
    published = json.loads((DOCS / SCHEMA).read_text("utf-8"))
    assert published == violation_schema()
    Draft202012Validator.check_schema(published)
    assert SCHEMA in (DOCS / "open-apis.md").read_text("utf-8")
