"""The incident desk: a web application for people who handle incidents; it does not know Airflow."""

from include.sla_logic.web.app import build_desk
from include.sla_logic.web.dependencies import Caller

__all__ = ["Caller", "build_desk"]
