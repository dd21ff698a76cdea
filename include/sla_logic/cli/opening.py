"""How a command opens the use cases."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases


def open_use_cases() -> "UseCases":
    """Open the use cases by the settings of the environment; imported here, so that help is printed at once."""
    from include.sla_logic.services import Settings, UseCases

    return UseCases(Settings.from_environment())
