"""Read numbers from Airflow's variables."""

from include.sla_logic.domain.errors import ForeseenError


class UnableToReadVariable(ForeseenError):
    """An Airflow variable is not a positive whole number."""


def perhaps_whole_number(name: str) -> int | None:
    """Read an Airflow variable that need not be set; raise `UnableToReadVariable` as `whole_number` does."""
    from airflow.sdk import Variable

    written = Variable.get(name, default=None)
    if written is None:
        return None
    if not str(written).isdigit() or int(written) < 1:
        raise UnableToReadVariable(f"The Airflow variable {name} must be a positive whole number, not {written!r}.")
    return int(written)


def whole_number(name: str, otherwise: int) -> int:
    """Read an Airflow variable; raise `UnableToReadVariable` where it is no positive whole number."""
    found = perhaps_whole_number(name)
    return otherwise if found is None else found
