"""The faults: each is injected while incidents are under way, and says nothing about what must come of them."""

from dataclasses import dataclass
from random import Random

from tests.faults import breaking, deploying, meeting, surroundings, waiting
from tests.faults.breaking import Inject, billing, component, mail
from tests.faults.installation import Installation

WAYS = ("premium", "re_prioritised", "minor_correction", "automatic_restoration", "held_and_released", "no_violation")
PAID = ("minor_correction", "no_problem_found")  # quickly at the end, and each with a credit and a letter


@dataclass(frozen=True)
class Fault:
    """One kind of fault; `keys` are the incidents that are under way while it happens."""

    name: str
    inject: Inject
    keys: tuple[str, ...] = WAYS


FAULTS = (
    Fault("scheduler killed", component("scheduler")),
    Fault("triggerer killed", component("triggerer")),
    Fault("dag-processor killed", component("dag-processor")),
    Fault("api-server killed, 30 s away", breaking.api_server_away(30)),
    Fault("ten task processes killed", breaking.tasks(10)),
    Fault("two workers of the executor killed", breaking.executor_workers),
    Fault("PostgreSQL stopped and started", breaking.database_away(1, 10)),
    Fault("PostgreSQL away for 60 s", breaking.database_away(60, 60)),
    Fault("one of two triggerers killed for good", breaking.one_of_two_triggerers, keys=()),
    Fault("mail server down", mail("down"), PAID),
    Fault("mail server slow", mail("slow"), PAID),
    Fault("mail server refuses for now", mail("later"), PAID),
    Fault("mail server fails after keeping", mail("forgetful"), PAID),
    Fault("billing down", billing("down"), PAID),
    Fault("billing slow", billing("slow"), PAID),
    Fault("billing answers 500, nothing done", billing("error"), PAID),
    Fault("billing fails after posting", billing("forgetful"), PAID),
    Fault("billing breaks off after posting", billing("broken_off"), PAID),
    Fault("billing answers no JSON", billing("babbling"), PAID),
    Fault("billing busy (429)", billing("busy"), PAID),
    Fault("billing conflict (409)", billing("conflict"), PAID),
    Fault("fifty parallel starts of one incident", meeting.same_incident_from_everywhere, keys=()),
    Fault("eight requests around their deadlines", meeting.around_the_deadline, keys=()),
    Fault("ten requests while their tasks defer", meeting.race_of_the_deferral, keys=()),
    Fault("waiting sensor cleared twice", waiting.sensor_cleared, keys=()),
    Fault("waiting sensor killed and retried", waiting.sensor_retried, keys=()),
    Fault("sensor dead, found by the doctor", waiting.found_by_the_doctor, keys=()),
    Fault("sensor dead, triggerer away, found by the housekeeping", waiting.found_by_the_housekeeping, keys=()),
    Fault("triggerer's clock an hour fast", surroundings.clock_of_the_triggerer(3600), keys=()),
    Fault("triggerer's clock an hour slow", surroundings.clock_of_the_triggerer(-3600), keys=()),
    Fault("DAG paused for five minutes with waits", deploying.paused(300), keys=()),
    Fault("another version of the DAG deployed with waits", deploying.another_version, keys=()),
    Fault("a second Airflow on the operations database", deploying.second_airflow, keys=()),
    Fault("disk of the operations database full", surroundings.disk_full),
    Fault("ten minutes of everything", surroundings.everything(10)),
)


def play(installation: Installation, fault: Fault, chance: Random, mark: str) -> None:
    """Start the incidents, inject the fault, wait until all is quiet."""
    installation.move_on()
    for key in fault.keys:
        installation.start(key, f"{mark}-{key.upper().replace('_', '-')}")
    fault.inject(installation, chance, mark)
    installation.settle()
