"""The process as BPMN 2.0 is valid against the standard's own schemas, as the package bpmn-moddle carries them."""

import pytest

from include.sla_logic.process.bpmn import process_as_bpmn
from tests.open_apis.node_tools import NodeTools, installed

pytestmark = pytest.mark.more


@pytest.fixture(scope="module")
def tools() -> NodeTools:
    return installed()


def faults_of(document: str, tools: NodeTools) -> list[str]:
    schemas = tools.folder / "node_modules" / "bpmn-moddle" / "resources" / "bpmn" / "xsd"
    return tools.faults_of(document, schemas / "BPMN20.xsd")


def test_the_document_is_valid(tools: NodeTools) -> None:
    assert faults_of(process_as_bpmn(), tools) == []


def test_a_document_that_is_not_valid_is_noticed(tools: NodeTools) -> None:
    wrong = process_as_bpmn().replace("sourceRef=", "sourceOf=", 1)
    assert any("sourceOf" in fault for fault in faults_of(wrong, tools))
