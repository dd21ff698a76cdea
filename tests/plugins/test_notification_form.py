"""The form shows every field of the notification with all that a person needs, and nothing that it cannot read."""

from typing import Any

import pytest
from airflow.sdk import Param
from airflow.serialization.definitions.param import SerializedParam

from include.sla_logic.domain.notification import Metric, ProblemNotification, Symptom
from sla_airflow.notification_form import form

READ_BY_THE_FORM = [
    "title",
    "description",
    "description_md",
    "section",
    "type",
    "enum",
    "values_display",
    "examples",
    "items",
    "format",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
]


@pytest.fixture(scope="module")
def fields() -> dict[str, Param]:
    return form(ProblemNotification)


def test_every_field_of_the_notification_is_in_the_form(fields: dict[str, Param]) -> None:
    assert set(fields) == set(ProblemNotification.model_fields) - {"schema_version"}


def test_every_field_has_title_and_description_and_no_required_one_is_folded_away(fields: dict[str, Param]) -> None:
    for name, param in fields.items():
        assert param.description
        assert {"title", "type"} <= param.schema.keys()
        assert ("section" in param.schema) is not ProblemNotification.model_fields[name].is_required(), name


def test_each_part_of_a_problem_parameter_is_explained(fields: dict[str, Param]) -> None:
    parts = fields["parameters"].schema["items"]["properties"]
    assert set(parts) == {"metric", "value", "unit"}
    assert all(part["title"] and part["description"] for part in parts.values())


def test_every_field_shows_choices_or_examples(fields: dict[str, Param]) -> None:
    assert all("enum" in param.schema or param.schema.get("examples") for param in fields.values())


def test_nothing_is_said_that_the_form_does_not_read(fields: dict[str, Param]) -> None:
    lets_pass = {"$schema", "$ref", "definitions"}
    assert {key for param in fields.values() for key in param.schema} <= {*READ_BY_THE_FORM, *lets_pass}


def test_no_reference_is_left_open(fields: dict[str, Param]) -> None:
    for param in fields.values():
        assert "$ref" not in str({key: value for key, value in param.schema.items() if key != "$ref"})


def test_choices_have_words(fields: dict[str, Param]) -> None:
    symptom = fields["symptom"].schema
    assert symptom["enum"] == [str(value) for value in Symptom]
    assert set(symptom["values_display"]) == set(symptom["enum"])
    assert set(fields["impact"].schema["values_display"]) == {"1", "2", "3"}


def test_optional_fields_may_stay_empty_and_others_may_not(fields: dict[str, Param]) -> None:
    optional = {name for name, param in fields.items() if param.schema["type"] == ["null", "string"]}
    assert optional == {"observed_to", "reported_at", "external_reference"}
    for required in ("customer", "service", "symptom", "description", "observed_from"):
        assert fields[required].schema["type"] == "string"  # without null among its types, the form wants a value
        assert fields[required].value is None


def test_problem_parameters_are_a_list_of_objects(fields: dict[str, Param]) -> None:
    schema = fields["parameters"].schema
    assert schema["type"] == "array"
    assert schema["items"]["type"] == "object"
    assert schema["items"]["properties"]["metric"]["enum"] == [str(metric) for metric in Metric]


def test_the_server_lets_everything_pass_to_the_first_task(fields: dict[str, Param]) -> None:
    """A wrong value must meet the sentences of the first task and the quarantine, not a schema's text."""
    wrong: list[Any] = [None, "", "lazy", 4, -1.5, True, [], ["x"] * 60, {"a": {}}, "x" * 5000]
    for name, field in fields.items():
        served = SerializedParam(field.value, **field.schema)
        assert served.resolve(raises=True) == served.value
        for value in wrong:
            assert SerializedParam(value, **field.schema).resolve(raises=True) == value, (name, value)
            assert field.resolve(value) == value


def test_examples_pass_the_model() -> None:
    examples = {
        name: param.schema["examples"][0]
        for name, param in form(ProblemNotification).items()
        if "examples" in param.schema
    }
    ProblemNotification.model_validate({"symptom": "slow", **examples})
