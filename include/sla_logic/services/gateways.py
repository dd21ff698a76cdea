"""What the use cases hand to persistence: the simulated network, and the outbox that renders letters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from include.sla_logic.persistence.batch import Batch, BatchNetwork, Gateways
from include.sla_logic.process.ports import LetterOutbox


def _network(batch: Batch, tied_resources: Callable[[], Sequence[tuple[str, str]]]) -> BatchNetwork:
    from include.sla_logic.gateways.simulated_network import SimulatedNetwork

    return SimulatedNetwork(batch, tied_resources)


def _letter_outbox(
    put: Callable[[str, Mapping[str, Any]], None], sender: str | None, installation: str
) -> LetterOutbox:
    from include.sla_logic.letters.letter_outbox import RenderingLetterOutbox

    return RenderingLetterOutbox(put, installation=installation, sender=sender)


GATEWAYS = Gateways(network=_network, letter_outbox=_letter_outbox)
