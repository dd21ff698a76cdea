"""The tasks of files that were uploaded at the desk: their dry runs, and the imports that a person has confirmed."""

import logging

from sla_airflow import runtime

log = logging.getLogger(__name__)


def waiting() -> list[int]:
    """Delete what nobody has confirmed for a day, and return the uploads that wait to be worked on."""
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    with runtime.no_retry_for_foreseen_errors():
        if count := use_cases.uploads.close_unattended():
            log.info("Deleted %d uploads that nobody had confirmed for a day", count)
        return use_cases.uploads.waiting()


def read(number: int) -> None:
    """Make the dry run or the import of one upload; what is wrong with the file stands on its page."""
    use_cases = runtime.open_use_cases(sends=False)
    with runtime.no_retry_for_foreseen_errors():
        done = use_cases.uploads.work_on(number)
    log.info("Upload %d: %s", number, "another process works on it" if done is None else done.state)
