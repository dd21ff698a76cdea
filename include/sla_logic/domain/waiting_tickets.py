"""The name under which Airflow is told that tickets wait: an asset, whose events start a run of `sla_backlog`."""

WAITING_TICKETS = "sla_waiting_tickets"
