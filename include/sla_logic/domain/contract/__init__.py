"""Contracts: the format, its reading and its linting."""

from include.sla_logic.domain.contract.contract import Contract, Objective, ServiceClass
from include.sla_logic.domain.contract.finding import Finding
from include.sla_logic.domain.contract.linting import check_contract, read_contract
from include.sla_logic.domain.contract.metrics import MetricName
from include.sla_logic.domain.contract.reading import UnableToReadContract

__all__ = [
    "Contract",
    "Finding",
    "MetricName",
    "Objective",
    "ServiceClass",
    "UnableToReadContract",
    "check_contract",
    "read_contract",
]
