"""The tables of policies/ are loaded only if they are complete and fit together."""

import re
from typing import Any

import pytest
import yaml

from include.sla_logic.domain.network import Action
from include.sla_logic.domain.policies import NAMES, UnableToReadPolicies, read_policies
from include.sla_logic.domain.remedies import Route
from tests.fakes import policies_in_force, policy_texts


def with_change(name: str, change) -> dict[str, str]:
    """Return the texts in force with one table changed."""
    table: dict[str, Any] = yaml.safe_load(policy_texts()[name])
    change(table)
    return {**policy_texts(), name: yaml.safe_dump(table)}


def refusal(name: str, change) -> str:
    with pytest.raises(UnableToReadPolicies) as refused:
        read_policies(with_change(name, change))
    return str(refused.value)


def test_the_tables_in_force_are_usable_and_name_their_versions():
    assert set(policies_in_force().versions) == set(NAMES)
    assert all(re.fullmatch(r"[a-z-]+-\d+", version) for version in policies_in_force().versions.values())


def test_every_type_of_problem_of_the_tables_in_force_has_a_remedy():
    policies = policies_in_force()
    assert {policies.remedies.remedy(name).type for name in policies.diagnosis.types} == policies.diagnosis.types


def test_every_action_that_the_network_knows_is_used_by_some_remedy():
    used = {action for remedy in policies_in_force().remedies.remedies for action in remedy.actions}
    assert used == set(Action)


def test_what_no_rule_explains_is_never_touched_without_an_operator():
    policies = policies_in_force()
    remedy = policies.remedies.remedy(policies.diagnosis.unexplained)
    assert (remedy.route, remedy.safe_to_automate, remedy.actions) == (Route.RESTORATION, False, ())


def test_a_missing_table_is_named():
    texts = {name: text for name, text in policy_texts().items() if name != "remedies"}
    with pytest.raises(UnableToReadPolicies, match=r"remedies\.yaml is missing"):
        read_policies(texts)


def test_a_table_that_is_no_yaml_is_named():
    with pytest.raises(UnableToReadPolicies, match=r"diagnosis\.yaml, line 2, is no business table: not YAML"):
        read_policies({**policy_texts(), "diagnosis": "version: [1"})


def test_a_key_given_twice_is_refused_with_its_line():
    text = policy_texts()["significance"] + "tie_break_from: 10\n"
    with pytest.raises(UnableToReadPolicies, match=r"significance\.yaml, line \d+, .*tie_break_from is given twice"):
        read_policies({**policy_texts(), "significance": text})


def test_a_fault_names_its_file_line_and_field():
    text = policy_texts()["priorities"].replace(
        "impact: 3, urgency: 2, priority: P4", "impact: 3, urgency: 2, priority: P9"
    )
    line = 1 + text[: text.index("P9")].count("\n")
    with pytest.raises(UnableToReadPolicies, match=rf"priorities\.yaml, line {line}, matrix\.7\.priority: "):
        read_policies({**policy_texts(), "priorities": text})


def test_every_fault_is_named_at_once():
    texts = {**policy_texts()}
    texts["priorities"] = texts["priorities"].replace("P1D", "-P1D")
    texts["remedies"] = texts["remedies"].replace("route: minor", "route: major")
    with pytest.raises(UnableToReadPolicies) as refused:
        read_policies(texts)
    assert "priorities.yaml" in str(refused.value)
    assert "remedies.yaml" in str(refused.value)


def test_an_empty_table_is_refused():
    with pytest.raises(UnableToReadPolicies, match="significance"):
        read_policies({**policy_texts(), "significance": ""})


def test_a_misspelt_key_is_refused_and_not_ignored():
    said = refusal("significance", lambda table: table.update(signifcant_from=50))
    assert "signifcant_from" in said


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("priorities", lambda t: t["matrix"].pop(), "0 times instead of once"),
        ("priorities", lambda t: t["matrix"].append(t["matrix"][0]), "2 times instead of once"),
        ("priorities", lambda t: t["matrix"][0].update(priority="P4"), "more impact or urgency"),
        ("priorities", lambda t: t["due"].pop("P3"), "due has no time for P3"),
        ("priorities", lambda t: t["due"].update(P1="P9D"), "P1 more time than P2"),
        ("priorities", lambda t: t["due"].update(P1="PT0S"), "due.P1"),
        ("counter_measures", lambda t: t["catalogue"].append(t["catalogue"][0]), "more than once"),
        ("counter_measures", lambda t: t.update(catalogue=t["catalogue"][:2]), "no measure for"),
        ("counter_measures", lambda t: t["catalogue"][0].update(due={"P1": "PT1H"}), "each of P1 to P5"),
        ("counter_measures", lambda t: t["catalogue"][0].update(department="Nobody"), "department"),
        ("significance", lambda t: t.update(significant_from=20), "tie_break_from"),
        ("significance", lambda t: t["charge_percentile"]["steps"].reverse(), "must lie above"),
        ("significance", lambda t: t["service_class"].update(gold=90), "more than 100"),
        ("significance", lambda t: t.update(agreement_ends_soon=-1), "agreement_ends_soon"),
        ("diagnosis", lambda t: t["alarms"].append(t["alarms"][0]), "more than one rule for PROFILE_MISMATCH"),
        ("diagnosis", lambda t: t["states"].append(t["states"][0]), "more than one rule for"),
        ("diagnosis", lambda t: t["states"][0].update(state="in_service"), "is no problem"),
        ("diagnosis", lambda t: t["alarms"][0].update(symptoms=[]), "symptoms"),
        ("diagnosis", lambda t: t["alarms"][0].update(type="gremlins"), "no remedy for gremlins"),
        ("remedies", lambda t: t["remedies"].pop(0), "no remedy for wrong_service_profile"),
        ("remedies", lambda t: t["remedies"].append(t["remedies"][0]), "more than one remedy"),
        ("remedies", lambda t: t["remedies"][0].update(actions=[]), "needs an action"),
        ("remedies", lambda t: t["remedies"][0].update(route="none"), "no action is taken"),
        ("remedies", lambda t: t["remedies"][0].update(actions=["kick_it"]), "actions"),
        ("remedies", lambda t: t["remedies"][0].update(why_held="because"), "why_held"),
        ("remedies", lambda t: t["remedies"][-1].pop("why_held"), "why_held"),
        ("remedies", lambda t: t["remedies"][3].pop("safe_to_automate"), "safe_to_automate"),
        (
            "remedies",
            lambda t: t["remedies"].append(
                {"type": "idle", "title": "Idle", "route": "none", "actions": [], "safe_to_automate": True}
            ),
            "never ends with idle",
        ),
    ],
)
def test_a_table_that_contradicts_itself_or_another_is_refused(name, change, says):
    assert says in refusal(name, change)
