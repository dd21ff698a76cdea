"""Outages of a trunk: they reach each service that runs on it by the topology, once, and name where they came from."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from include.sla_logic.importers.records import OutageRecord
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.row_reader import Read
from include.sla_logic.persistence.schema.reference import outages, services, topology

_LONGEST, _LONGEST_CAUSE = 128, 2000  # a reference, a cause


class Trunks:
    """What runs on each trunk, looked up once; a trunk is a service or a resource of the topology."""

    def __init__(self) -> None:
        """Start without any."""
        self._reached: dict[str, Sequence[str]] = {}
        self._left: dict[str, set[str]] = {}  # what an earlier outage reached, and runs there no more

    def outages(self, connection: Connection, outage: OutageRecord) -> Iterator[Read]:
        """Yield the outage of the trunk itself, where it is a service, and one for each service on it; or why not.

        Services that have left the trunk since the outage was recorded are reached too, so that it ends for them.
        """
        trunk, reference = outage.service, f"{outage.service}/{outage.reference}"
        if trunk not in self._reached:
            self._reached[trunk] = services_on(connection, trunk)
            self._left[trunk] = _services_once_on(connection, trunk) - set(self._reached[trunk])
        reached = [*self._reached[trunk], *_with_outage(connection, self._left[trunk], reference)]
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


def services_on(connection: Connection, trunk: str) -> Sequence[str]:
    """Return the trunk, where it is a service, and the services that run on all that the trunk is made of."""
    of = topology.c
    own = set(connection.scalars(select(of.resource).where(of.service == trunk)))
    parts = own or {trunk}
    every = select(of.service).where(of.resource.in_(parts)).group_by(of.service).having(func.count() == len(parts))
    itself = connection.scalars(select(services.c.id).where(services.c.id == trunk)).all()
    return list(dict.fromkeys([*itself, *connection.scalars(every.order_by(of.service))]))


def _services_once_on(connection: Connection, trunk: str) -> set[str]:
    """Return the services that an outage of the trunk on record has reached."""
    of = outages.c
    query = select(of.service).where(of.reference.startswith(f"{trunk}/", autoescape=True)).distinct()
    return set(connection.scalars(query))


def _with_outage(connection: Connection, among: set[str], reference: str) -> list[str]:
    """Return those of the services that have this outage on record."""
    if not among:
        return []
    of = outages.c
    return list(connection.scalars(select(of.service).where(of.service.in_(among), of.reference == reference)))
