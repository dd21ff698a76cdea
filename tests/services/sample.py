"""A sample of one customer: what must be in the register before a notification can be accepted."""

from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import steps, tickets
from include.sla_logic.process.graph import STEPS
from include.sla_logic.process.way import way
from include.sla_logic.services import Settings, UseCases
from tests.clock import NOON, Clock
from tests.kept_connections import whole

CONTRACT = """
id: city-internet
version: "1"
title: City Internet
provider: Small TELECO
service_class: silver
zone: Europe/Berlin
currency: EUR
window: month
billing_day: 1
charge_base: recurring
stacking: highest
claim: {automatic: true}
objectives:
  - id: latency
    metric: latency
    title: Mean round-trip time of the month
    clause: "2.3"
    target: 30
    rule:
      kind: overrun_tiers
      thresholds:
        - {overrun: 10, credit: 10%}
"""


ADA = {"id": "C-1", "name": "Ada", "email": "ada@example.net", "locale": "en", "protected": False}


def open_use_cases(url: str, folder: Path, clock: Clock | None = None) -> UseCases:
    """Open use cases on a migrated database in which the sample's people are registered."""
    use_cases = UseCases(Settings(database_url=url, letters_folder=folder / "letters"), clock=clock)
    file = use_cases.work.database.engine.url.database if url.startswith("sqlite") else None
    if file is not None and _prepared:
        Path(file).write_bytes(_prepared[0])
        return use_cases
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        register_people(connection)
    if file is not None:
        _prepared.append(whole(file).read_bytes())
    return use_cases


_prepared: list[bytes] = []  # the sample's SQLite file, so that only the first test migrates


def register_people(connection: Connection) -> None:
    load_contract(connection, CONTRACT, name="city-internet", now=NOON)
    connection.execute(insert(t.customers), [ADA])
    connection.execute(insert(t.billing_accounts), [{"id": "A-1", "customer": "C-1", "currency": "EUR"}])
    connection.execute(insert(t.services), [{"id": "S-1", "name": "Internet", "kind": "internet"}])
    agreement = {
        "id": "AG-1",
        "customer": "C-1",
        "service": "S-1",
        "contract": "city-internet",
        "contract_version": "1",
        "starts": date(2020, 1, 1),
        "monthly_charge": 10_000,
        "currency": "EUR",
        "account": "A-1",
    }
    connection.execute(insert(t.agreements), [agreement])


def pretend_done(use_cases: UseCases, run_id: str, *, before: str) -> None:
    """Note that an incident has done what leads to a step, without doing it."""
    choices = {name: node.followed_by[-1].step for name, node in STEPS.items() if node.chooses}
    led = way(choices)
    with use_cases.work.database.write() as connection:
        number = connection.scalar(select(tickets.c.number).where(tickets.c.run_id == run_id))
        known = set(connection.scalars(select(steps.c.task).where(steps.c.ticket == number)))
        names = [name for name in led[: led.index(before)] if name not in known]
        rows = [{"ticket": number, "task": n, "choice": choices.get(n), "done_at": NOON} for n in names]
        connection.execute(insert(steps), rows)


def conf(**changes: object) -> dict[str, object]:
    """Return a good notification, with changes; a field set to None is left out."""
    body: dict[str, object] = {
        "customer": "C-1",
        "service": "S-1",
        "symptom": "slow",
        "description": "Video calls break off.",
        "observed_from": "2026-11-02T08:15:00+00:00",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}
