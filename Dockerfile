# Which Astro runtime: Airflow's minor version and the image's own number, then the Python that the locks are made for.
ARG RUNTIME_TAG=3.3-2-python-3.11
FROM astrocrpublic.azurecr.io/runtime:${RUNTIME_TAG}
# The image itself installs packages.txt and requirements.txt and copies the project (ONBUILD).

# `include.sla_logic…` is imported from the project's root by every component.
ENV PYTHONPATH=/usr/local/airflow

# An incident that waits two days for its restoration must not keep the next one from starting.
ENV AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG=10000
# One triggerer keeps them all on hold; Airflow's default is 1,000.
ENV AIRFLOW__TRIGGERER__CAPACITY=10000
# A lone incident is through in 5 s instead of 26 s with Airflow's default of 1.
ENV AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.1
# A worker often sees that a task has ended only with its next heartbeat; with Airflow's default of 5 s, incidents that
# run at the same time take more than three times as long. It gives up after 15 s without an answer, as before.
ENV AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=1
ENV AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS=15
# What has happened meanwhile is seen, and what can start starts, only after so many runs have been looked at; of 20 at
# once, which is Airflow's default, most are incidents that wait.
ENV AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE=5
ENV AIRFLOW__CORE__LOAD_EXAMPLES=False
