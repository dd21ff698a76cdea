"""Read numbers from Airflow's variables."""

from include.sla_logic.domain.errors import ForeseenError


class UnableToReadVariable(ForeseenError):
    """An Airflow variable is not the whole number that it has to be."""


def perhaps_whole_number(name: str, *, least: int = 1) -> int | None:
    """Read an Airflow variable that need not be set; raise `UnableToReadVariable` as `whole_number` does."""
    from airflow.sdk import Variable

    written = Variable.get(name, default=None)
    if written is None:
        return None
    if not str(written).isdigit() or int(written) < least:
        what = "a positive whole number" if least else "a whole number, 0 or more"
        raise UnableToReadVariable(f"The Airflow variable {name} must be {what}, not {written!r}.")
    return int(written)


def whole_number(name: str, otherwise: int, *, least: int = 1) -> int:
    """Read an Airflow variable; raise `UnableToReadVariable` where it is no whole number, `least` or more."""
    found = perhaps_whole_number(name, least=least)
    return otherwise if found is None else found
