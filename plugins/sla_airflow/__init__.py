"""How Airflow runs TELECO's steps; what the steps do stands in include/sla_logic."""
