"""The diagnosis table: what alarms and states of resources mean (policies/diagnosis.yaml)."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.network import Alarm, Layer, Resource, ResourceState, Severity
from include.sla_logic.domain.notification import Symptom
from include.sla_logic.domain.tables import Table


class AlarmRule(Table):
    """What an alarm code means, on which layer it arises, and which symptoms it explains."""

    alarm: str
    type: str
    layer: Layer
    symptoms: Annotated[tuple[Symptom, ...], Field(min_length=1)]


class StateRule(Table):
    """What a resource that is not in service means where no alarm says more."""

    kind: str | None
    state: ResourceState
    type: str


class DiagnosisPolicy(Table):
    """The diagnosis table: one meaning per alarm code, and one per kind and state of a resource."""

    version: str
    alarms: tuple[AlarmRule, ...]
    states: tuple[StateRule, ...]
    informational: tuple[Severity, ...]
    unexplained: str

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        codes: list[object] = [rule.alarm for rule in self.alarms]
        kinds: list[object] = [(rule.kind, rule.state) for rule in self.states]
        for key in (*codes, *kinds):
            if (*codes, *kinds).count(key) > 1:
                msg = f"more than one rule for {key}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _takes_in_service_for_healthy(self) -> Self:
        if any(rule.state is ResourceState.IN_SERVICE for rule in self.states):
            msg = "states: a resource that is in service is no problem"
            raise ValueError(msg)
        return self

    @property
    def types(self) -> frozenset[str]:
        """Every type of problem that a diagnosis can end with."""
        named = [rule.type for rule in self.alarms] + [rule.type for rule in self.states]
        return frozenset({*named, self.unexplained})

    def alarm_rule(self, code: str) -> AlarmRule | None:
        """Return the rule of an alarm code."""
        return next((rule for rule in self.alarms if rule.alarm == code), None)

    def state_rule(self, resource: Resource) -> StateRule | None:
        """Return the rule of this kind and state; a rule without kind holds for all other kinds."""
        fitting = [r for r in self.states if r.state is resource.state and r.kind in (resource.kind, None)]
        return min(fitting, key=lambda rule: rule.kind is None, default=None)


class Finding(Value):
    """One error seen at a resource: an alarm, or a resource that is not in service without any alarm.

    `explained` is False where no rule knows it: the type of problem is then the policy's unexplained one.
    """

    resource: str
    resource_name: str
    resource_kind: str
    state: ResourceState
    alarm: str | None
    alarm_code: str | None
    type_of_problem: str
    explained: bool
    raised_at: AwareDatetime | None = None

    def is_gone(self, alarms: Iterable[Alarm], resources: Iterable[Resource]) -> bool:
        """Tell whether the alarm is cleared and the resource in service again."""
        raised = any(alarm.resource == self.resource and alarm.code == self.alarm_code for alarm in alarms)
        states = {resource.id: resource.state for resource in resources}
        return not raised and states.get(self.resource) is ResourceState.IN_SERVICE


_WEIGHT = {severity: weight for weight, severity in enumerate(Severity)}


def find_errors(resources: Sequence[Resource], alarms: Iterable[Alarm], policy: DiagnosisPolicy) -> tuple[Finding, ...]:
    """List every alarm of these resources, gravest and oldest first, then the silent ones out of service.

    Alarms of an informational severity are no errors; alarms of other resources are not looked at.
    """
    known = {resource.id: resource for resource in resources}
    heard = [a for a in alarms if a.resource in known and a.severity not in policy.informational]
    heard.sort(key=lambda alarm: (_WEIGHT[alarm.severity], alarm.raised_at, alarm.id))
    silent = [
        resource
        for resource in resources
        if resource.state is not ResourceState.IN_SERVICE and not any(alarm.resource == resource.id for alarm in heard)
    ]
    found = [_of_alarm(known[alarm.resource], alarm, policy) for alarm in heard]
    return (*found, *(_of_state(resource, policy) for resource in silent))


def _of_alarm(resource: Resource, alarm: Alarm, policy: DiagnosisPolicy) -> Finding:
    rule = policy.alarm_rule(alarm.code)
    return _finding(resource, alarm, rule.type if rule else None, policy)


def _of_state(resource: Resource, policy: DiagnosisPolicy) -> Finding:
    rule = policy.state_rule(resource)
    return _finding(resource, None, rule.type if rule else None, policy)


def _finding(resource: Resource, alarm: Alarm | None, type_of_problem: str | None, policy: DiagnosisPolicy) -> Finding:
    return Finding(
        resource=resource.id,
        resource_name=resource.name,
        resource_kind=resource.kind,
        state=resource.state,
        alarm=alarm.id if alarm else None,
        alarm_code=alarm.code if alarm else None,
        type_of_problem=type_of_problem or policy.unexplained,
        explained=type_of_problem is not None,
        raised_at=alarm.raised_at if alarm else None,
    )


def explains(finding: Finding, symptom: Symptom, policy: DiagnosisPolicy) -> bool:
    """Tell whether a rule of the service layer leads from this finding to the symptom."""
    rule = policy.alarm_rule(finding.alarm_code) if finding.alarm_code else None
    return rule is not None and rule.layer is Layer.SERVICE and symptom in rule.symptoms
