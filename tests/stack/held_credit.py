"""A credit that waits for a person, of a service of which nothing is measured."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert

from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.process.stages import step_named
from include.sla_logic.services import UseCases
from tests.reference.walk import next_step
from tests.services.sample import CONTRACT


def hold_credit(use_cases: UseCases, name: str) -> str:
    """Lead an incident of a new customer to its end beside Airflow; return the reference of its credit."""
    _subscribe(use_cases, name)
    conf = {"customer": f"{name}-C", "service": f"{name}-S", "symptom": "slow", "description": "Slow."}
    conf |= {"observed_from": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}
    use_cases.incidents.accept(conf, run_id=name, origin="test")
    while step := next_step(use_cases, name):
        use_cases.incidents.perform(step_named(step), run_id=name)
    [waiting] = [one for one in use_cases.credits.waiting() if one.customer == f"{name}-C"]
    return waiting.reference


def _subscribe(use_cases: UseCases, name: str) -> None:
    """Add a customer, so that a person must name what is credited."""
    now, contract = datetime.now(UTC), f"{name.lower()}-line"
    agreement: dict[str, object] = {"id": f"{name}-AG", "customer": f"{name}-C", "service": f"{name}-S"}
    agreement |= {"contract": contract}
    agreement |= {"contract_version": "1", "starts": date(2020, 1, 1), "monthly_charge": 1_000_000}
    with use_cases.work.database.write() as connection:
        load_contract(connection, CONTRACT.replace("city-internet", contract), name=contract, now=now)
        customer = {"id": f"{name}-C", "name": "Lim", "locale": "en", "protected": False}
        connection.execute(insert(t.customers), [customer])
        account = {"id": f"{name}-A", "customer": f"{name}-C", "currency": "EUR"}
        connection.execute(insert(t.billing_accounts), [account])
        connection.execute(insert(t.services), [{"id": f"{name}-S", "name": "Line", "kind": "line"}])
        connection.execute(insert(t.agreements), [agreement | {"currency": "EUR", "account": f"{name}-A"}])
