"""One incident for each way through the process, on a real Airflow, judged against what the data say must happen."""
