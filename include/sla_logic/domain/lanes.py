"""The departments and parties between which the documents travel (process.md, lanes)."""

from enum import StrEnum


class Lane(StrEnum):
    """Who acts; the value is the name that people read."""

    CUSTOMER = "Customer"
    CUSTOMER_SERVICE = "Customer Service"
    ELECTRONIC_SERVICE = "Electronic service"
    EXTRA_PROBLEM_FIX = "Extra problem fix process"
    SERVICE_MANAGEMENT = "Service Management"
    RESOURCE_PROVISIONING = "Resource Provisioning"
    BILLING = "Billing & Collections"
