"""What the judgement of a window rests on, kind by kind: whether it has changed since, and which kinds have."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from pydantic import AwareDatetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.sla import RULES_VERSION


class FactKind(StrEnum):
    """A kind of fact that can change what a window owes."""

    OUTAGES = "outages"
    ATTRIBUTIONS = "attributions"
    SAMPLES = "samples"
    MAINTENANCE = "maintenance"
    HOLDS = "holds"
    UNOBSERVED = "unobserved"
    INCIDENTS = "incidents"
    CLAIMS = "claims"
    CREDITS = "credits"
    CHARGES = "charges"
    AGREEMENTS = "agreements"
    CONTRACT = "contract"
    COMPLETENESS = "completeness"


BRIEF = (FactKind.OUTAGES, FactKind.ATTRIBUTIONS, FactKind.MAINTENANCE, FactKind.HOLDS)
# Of what the facts say, `credited` matters only before a window is over, and `as_of` is the moment of the judgement.
FIELDS: Mapping[FactKind, Collection[str]] = {
    FactKind.OUTAGES: {"outages", "not_kept", "restorations", "error_intervals", "delays"},
    FactKind.SAMPLES: {"series", "readings"},
    FactKind.MAINTENANCE: {"maintenance"},
    FactKind.HOLDS: {"holds"},
    FactKind.UNOBSERVED: {"unobserved"},
    FactKind.INCIDENTS: {"tickets", "event_credits"},
    FactKind.CLAIMS: {"claim", "claims"},
    FactKind.CHARGES: {"charges"},
    FactKind.AGREEMENTS: {"agreements"},
}


class Basis(Value):
    """What one judgement rested on.

    `kinds` names all facts of a kind by a digest. `brief` are numbers for what the kinds of `BRIEF` say of the window
    itself, which is all that is kept of a window judged in columns. From `since` to `until` the same facts are judged
    alike; without them the window is judged in every run.
    """

    kinds: dict[FactKind, str]
    brief: tuple[int, ...]
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def holds(self, kinds: Mapping[FactKind, str], at: datetime) -> bool:
        """Tell whether a judgement of these facts at that moment would find what this one has found."""
        if self.since is None or self.until is None or self.kinds != kinds:
            return False
        return self.since <= at <= self.until

    def unlike(self, before: "Basis") -> tuple[FactKind, ...]:
        """Name the kinds of fact that have changed; attributions only where the outages have not."""
        briefly = {kind for kind, *two in zip(BRIEF, self.brief, before.brief, strict=True) if two[0] != two[1]}
        changed = [
            kind
            for kind in FactKind
            if (self.kinds[kind] != before.kinds[kind] if self._both(kind, before) else kind in briefly)
        ]
        return tuple(one for one in changed if one is not FactKind.ATTRIBUTIONS or FactKind.OUTAGES not in changed)

    def _both(self, kind: FactKind, before: "Basis") -> bool:
        return kind in self.kinds and kind in before.kinds


def kinds_of(said: str | None) -> tuple[FactKind, ...]:
    """Read kinds as a round names them."""
    return tuple(map(FactKind, said.split(","))) if said else ()


def digest(said: object) -> str:
    """Name what is said: the same name means the same."""
    return sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


def digest_of_contract(contract: Contract) -> str:
    """Name the terms of a contract and the rules by which they are judged."""
    return digest([RULES_VERSION, contract.model_dump_json()])


def digests_of(facts: ServiceFacts) -> dict[FactKind, str]:
    """Name the facts of each kind: outages apart from whom they are attributed to, agreements apart from charges."""
    said = facts.model_dump(include={name for names in FIELDS.values() for name in names} - {"series"}, mode="json")
    series = [
        [one.model_dump_json(exclude={"values"}), sha256(one.values.tobytes()).hexdigest()] for one in facts.series
    ]
    who = [[one["reference"], one.pop("attribution")] for one in said["outages"]]
    said["series"] = series
    said["charges"] = [said["charges"], *(one.pop("charge") for one in said["agreements"])]
    found = {kind: digest([said[name] for name in sorted(names)]) for kind, names in FIELDS.items()}
    return found | {FactKind.ATTRIBUTIONS: digest(who)}
