"""Requests to the open APIs that nobody has thought of, drawn by schemathesis from our own description."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.desk_sample import Sample, desk_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it is a development need")

from hypothesis import HealthCheck, given, settings  # noqa: E402 - only where schemathesis is
from hypothesis import strategies as st  # noqa: E402 - the same
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402 - the same

CHECKS = [  # 501 says that something is not offered: any other answer from 500 on is a failure
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
PATIENCE = 600  # seconds for one answer, on a machine with much else to do
Change = Callable[[Any, Any], None]


def described_by(sample: Sample) -> Any:
    """Read the description of the open APIs of a sample, as its partner gets it."""
    headers = {"x-member": "partner"}
    return schemathesis.openapi.from_asgi("/tmf-api/openapi.json", desk_of(sample), headers=headers, timeout=PATIENCE)


def operations_of(described: Any, wanted: Callable[[str], bool]) -> dict[tuple[str, str], Any]:
    """Return the operations whose path is wanted, by method and path."""
    found = [found.ok() for found in described.get_all_operations()]
    return {(each.method.upper(), each.path): each for each in found if wanted(each.path)}


def ask_many(
    operation: Any, examples: int, know: Change, judge: Callable[[Any], None] = lambda _: None
) -> Counter[int]:
    """Send requests as partner or operator, after `know` has put what exists into some; count the answers by status.

    Each answer is compared with its description; `judge` may look at it too.
    """
    answered: Counter[int] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), data=st.data())
    def ask(case: Any, data: Any) -> None:
        know(case, data)
        who = data.draw(st.sampled_from(["partner", "operator"]), label="who")
        headers = {"x-member": who, "Sec-Fetch-Site": "same-origin"}
        answer = case.call_and_validate(headers=headers, checks=CHECKS, timeout=PATIENCE)
        assert answer.status_code < 500 or answer.status_code == 501
        answered[answer.status_code] += 1
        judge(answer)

    ask()
    return answered
