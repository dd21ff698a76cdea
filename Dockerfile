# Which Astro runtime: Airflow's minor version and the image's own number, then the Python that the locks are made for.
ARG RUNTIME_TAG=3.3-2-python-3.11
FROM astrocrpublic.azurecr.io/runtime:${RUNTIME_TAG}
# The base image installs packages.txt and requirements.txt and copies the project (ONBUILD).

# `include.sla_logic…` is imported from the project's root by every component.
ENV PYTHONPATH=/usr/local/airflow

# Incidents that wait two days for their restoration must not block others.
ENV AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG=10000
# One triggerer watches all waits; Airflow's default is 1,000.
ENV AIRFLOW__TRIGGERER__CAPACITY=10000
# A single incident takes 5 s instead of 26 s with Airflow's default of 1.
ENV AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.1
# A worker often notices only at its next heartbeat that a task has ended; with Airflow's default of 5 s, concurrent
# incidents take three times as long. It gives a task up after 15 heartbeats without an answer, each tried five times.
ENV AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1
ENV AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS=15
# The scheduler sees what changed, and starts what can start, only after it has examined this many runs; of Airflow's
# default of 20, most are waiting incidents.
ENV AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE=5
ENV AIRFLOW__CORE__LOAD_EXAMPLES=False
