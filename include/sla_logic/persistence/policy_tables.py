"""The business tables in force, read once by each process."""

from functools import cache
from importlib.resources import files

from include.sla_logic.domain.policies import NAMES, Policies, read_policies


@cache
def policies_in_force() -> Policies:
    """Return the tables of policies/; raise `UnableToReadPolicies` where they contradict each other."""
    incident = files("include.sla_logic") / "policies"
    return read_policies({name: (incident / f"{name}.yaml").read_text("utf-8") for name in NAMES})
