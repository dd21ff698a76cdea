"""What the use cases hand to persistence: the network that is chosen, and the outbox that renders letters."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from include.sla_logic.persistence.batch import Batch, BatchNetwork, Gateways
from include.sla_logic.persistence.database import Database
from include.sla_logic.process.ports import LetterOutbox
from include.sla_logic.settings import NetworkChoice, NetworkSystem


def gateways_of(choose: Callable[[], NetworkChoice]) -> Gateways:
    """Return the gateways; which network it is, is asked when the first step needs it: most steps never do."""
    chosen = cache(choose)

    def network(batch: Batch, tied_resources: Callable[[], Sequence[tuple[str, str]]]) -> BatchNetwork:
        choice = chosen()
        if isinstance(choice, NetworkSystem):
            from include.sla_logic.gateways.external_network import ExternalNetwork

            return ExternalNetwork(batch)
        from include.sla_logic.gateways.simulated_network import SimulatedNetwork

        return SimulatedNetwork(batch, tied_resources, on_purpose=choice is not None)

    def ask(database: Database, questions: Sequence[Any]) -> Mapping[Any, Any]:
        from include.sla_logic.gateways.external_network import ask_network

        system = chosen()
        assert isinstance(system, NetworkSystem), "only an external network asks"  # noqa: S101 - a mistake in our code
        return ask_network(database, system, questions)

    return Gateways(network=network, ask=ask, letter_outbox=_letter_outbox)


def _letter_outbox(
    put: Callable[[str, Mapping[str, Any]], None], sender: str | None, installation: str
) -> LetterOutbox:
    from include.sla_logic.letters.letter_outbox import RenderingLetterOutbox

    return RenderingLetterOutbox(put, installation=installation, sender=sender)
