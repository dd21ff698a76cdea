"""A real Prometheus scrapes a target that fails for a while; the feed reads what it saw."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Response

from deploy.ports import free_port
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from include.sla_logic.services.feed_questions import ask_system
from include.sla_logic.settings import HttpSystem
from tests.clock import Clock
from tests.services.sample import open_use_cases
from tests.system_packages import install_unless

pytestmark = pytest.mark.more

STEP = 2
BEHIND = 1
MAPPING = f"""
title: probes every few seconds
layout: json
rows: data.result
sections:
  samples:
    each: values
    align: floor
    tolerance_seconds: {STEP}
    columns: {{service: metric.service, at: {{column: "values[0]", format: epoch}}}}
    series:
      - {{metric: success_rate, unit: percent, from: {{column: "values[1]", multiply: 100}}, step_seconds: {STEP}}}
"""
FEEDS = """
feeds:
  probes:
    connection: prometheus
    kind: samples
    mapping: mapping.yaml
    http:
      path: /api/v1/query_range
      query: {{query: probe_success, start: "{{since:epoch}}", end: "{{until:epoch}}", step: {step}}}
    starts: {starts}
    behind: {behind} s
    at_most: 10 s
"""


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    config = folder / "prometheus.yml"
    job = {
        "job_name": "probe",
        "scrape_interval": "1s",
        "honor_labels": True,
        "static_configs": [{"targets": [target]}],
    }
    config.write_text(json.dumps({"scrape_configs": [job]}), "utf-8")  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            wait_for(partial(is_ready, f"http://{address}/-/ready"))
            yield f"http://{address}"
        finally:
            running.terminate()
            running.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def wait_for(reached: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.2)


def has_grown(served: list[int], length: int) -> bool:
    return len(served) >= length


def test_what_a_real_prometheus_saw_comes_in(tmp_path: Path, httpserver: HTTPServer) -> None:
    if not install_unless(lambda: shutil.which("prometheus") is not None, "prometheus"):
        pytest.skip("needs Prometheus: Debian's package cannot be installed here")
    works = threading.Event()
    works.set()
    served: list[int] = []

    def metrics(_request: object) -> Response:
        served.append(int(works.is_set()))
        return Response(f'probe_success{{service="S-1"}} {served[-1]}\n', content_type="text/plain")

    httpserver.expect_request("/metrics").respond_with_handler(metrics)
    began = datetime.now(UTC).replace(microsecond=0)
    with prometheus(tmp_path, f"{httpserver.host}:{httpserver.port}") as url:
        for state in (works.set, works.clear, works.set):
            state()
            wait_for(partial(has_grown, served, len(served) + 8))
        (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
        (tmp_path / "feeds.yaml").write_text(FEEDS.format(starts=began.isoformat(), step=STEP, behind=BEHIND), "utf-8")
        clock = Clock(datetime.now(UTC) + timedelta(seconds=1))
        settings = open_use_cases(f"sqlite:///{tmp_path / 't.db'}", tmp_path, clock).work.settings
        use_cases = UseCases(replace(settings, feeds=tmp_path / "feeds.yaml"), clock=clock)
        use_cases.feeds.due()
        ask = partial(ask_system, system=HttpSystem(url))
        done = use_cases.feeds.read("probes", ask=ask, find=lambda _: [])
        again = use_cases.feeds.read("probes", ask=ask, find=lambda _: [])
    with use_cases.work.reading() as connection:
        query = select(t.samples.c.value).where(t.samples.c.service == "S-1").order_by(t.samples.c.at)
        values = [int(value) for value in connection.scalars(query)]
    assert (done.rejected, again.rows) == (0, 0)
    assert len(values) >= 8
    assert (values[0], min(values), values[-1]) == (100_000, 0, 100_000)
    assert sum(before != after for before, after in pairwise(values)) == 2
    last_step = (int(clock.now.timestamp()) - BEHIND) // STEP * STEP
    assert use_cases.feeds.states()[0].complete_until == datetime.fromtimestamp(last_step, UTC)
