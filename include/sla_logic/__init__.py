"""What TELECO does about a service that has degraded; nothing in here knows Airflow."""
