"""Logs against the official schemas, which come under terms of their own and are no part of this checkout.

Fetch ocel20-schema-json.json from ocel-standard.org and xes.xsd from xes-standard.org into a folder, and name it:
`PROCESS_LOG_SCHEMAS=FOLDER make test-more T=tests/web/test_log_schemas.py`.
"""

import io
import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker

from tests.open_apis.node_tools import installed

pytestmark = pytest.mark.more


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> Path:
    folder = os.environ.get("PROCESS_LOG_SCHEMAS")
    if folder is None:
        pytest.skip(f"needs {request.param}: PROCESS_LOG_SCHEMAS names no folder with the official schemas")
    return Path(folder, request.param).resolve()


def log_of(sample, form: str) -> str:
    out = io.StringIO(newline="")
    sample.use_cases.process_log.write(out, form)
    return out.getvalue()


@pytest.mark.parametrize("schema", ["ocel20-schema-json.json"], indirect=True)
def test_a_log_of_objects_is_valid(sample, schema):
    validator = Draft7Validator(json.loads(schema.read_text("utf-8")), format_checker=FormatChecker())
    log = json.loads(log_of(sample, "ocel2"))
    assert [fault.message for fault in validator.iter_errors(log)] == []
    del log["events"][0]["time"]
    assert not validator.is_valid(log)


@pytest.mark.parametrize("schema", ["xes.xsd"], indirect=True)
def test_a_log_of_cases_is_valid(sample, schema):
    tools, log = installed(), log_of(sample, "xes")
    assert tools.faults_of(log, schema) == []
    assert tools.faults_of(log.replace("<event>", "<happened>").replace("</event>", "</happened>"), schema)
