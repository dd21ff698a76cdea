"""Outages of a trunk: they reach each service that runs on it by the topology, once, and name where they came from."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from include.sla_logic.importers.records import OutageRecord
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.row_reader import Read
from include.sla_logic.persistence.schema.reference import services, topology

_LONGEST, _LONGEST_CAUSE = 128, 2000  # a reference, a cause


class Trunks:
    """What runs on each trunk, looked up once; a trunk is a service or a resource of the topology."""

    def __init__(self) -> None:
        """Start without any."""
        self._reached: dict[str, Sequence[str]] = {}

    def outages(self, connection: Connection, outage: OutageRecord) -> Iterator[Read]:
        """Yield the outage of the trunk itself, where it is a service, and one for each service on it; or why not."""
        trunk, reference = outage.service, f"{outage.service}/{outage.reference}"
        if trunk not in self._reached:
            self._reached[trunk] = _services_on(connection, trunk)
        reached = self._reached[trunk]
        if not set(reached) - {trunk}:
            yield UnableToImportRow(
                "service", f"nothing runs on {trunk} by the topology, so its outage reaches nothing"
            )
            return
        if len(reference) > _LONGEST:
            yield UnableToImportRow("reference", f"{reference} is longer than {_LONGEST} characters")
            return
        cause = f"{outage.cause or 'outage'} (of {trunk})"
        origin = {"reference": reference, "cause": cause if len(cause) <= _LONGEST_CAUSE else f"outage of {trunk}"}
        for service in reached:
            is_trunk = service == trunk
            yield outage.model_copy(update={} if is_trunk else {"service": service, **origin}), None


def _services_on(connection: Connection, trunk: str) -> Sequence[str]:
    """Return the trunk, where it is a service, and the services that run on all that the trunk is made of."""
    of = topology.c
    own = set(connection.scalars(select(of.resource).where(of.service == trunk)))
    parts = own or {trunk}
    every = select(of.service).where(of.resource.in_(parts)).group_by(of.service).having(func.count() == len(parts))
    itself = connection.scalars(select(services.c.id).where(services.c.id == trunk)).all()
    return list(dict.fromkeys([*itself, *connection.scalars(every.order_by(of.service))]))
