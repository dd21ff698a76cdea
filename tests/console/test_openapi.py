"""The API against its own description: thousands of requests, none of which may make it fail."""

import pytest

from tests.console.desk_town import MEMBERS, build_town, desk_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it is a development need")

from hypothesis import HealthCheck, given, settings  # noqa: E402 - only where schemathesis is
from schemathesis.checks import not_a_server_error  # noqa: E402 - the same
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402 - the same

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
AS_OPERATOR = {"x-member": "operator", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """Describe the API of a town of its own: the requests change it."""
    assert MEMBERS["operator"].may_write
    app = desk_of(build_town(tmp_path_factory.mktemp("described")))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=AS_OPERATOR)


def test_no_request_makes_the_api_fail_or_contradict_its_description(described):
    checks = [
        not_a_server_error,
        openapi_checks.status_code_conformance,
        openapi_checks.content_type_conformance,
        openapi_checks.response_schema_conformance,
    ]
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= 8
    sent = 0

    for operation in operations:

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case):
            nonlocal sent
            sent += 1
            case.call_and_validate(headers=AS_OPERATOR, checks=checks)

        ask()
    assert sent >= 1000
