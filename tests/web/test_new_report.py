"""The form of a new report: the customer is found, times are local, quantities have units, doubles are asked about."""

import re
from html import unescape

import pytest

from include.sla_logic.process.graph import WAIT
from tests.web.desk_sample import HELD, HERE, client_of
from tests.web.test_actions import REPORT


@pytest.fixture
def client(own_sample):
    with client_of(own_sample) as client:
        yield client


@pytest.fixture
def form(own_sample):
    said = own_sample.data.notifications[HELD]
    return REPORT | {"customer": said.customer, "service": said.service}


def send(client, form, **changes):
    return client.post("/new", data=form | changes, headers=HERE)


def test_a_customer_is_found_by_a_part_of_the_name_and_their_services_are_offered(client, own_sample):
    said = own_sample.data.notifications[HELD]
    page = client.get("/new", params={"find": "archive tr"}).text
    assert re.findall(r'href="/new\?customer=([^"]+)">([^<]+)<', page) == [(said.customer, "Thames Archive Trust")]
    assert "No customer has this" in client.get("/new", params={"find": "%"}).text
    page = client.get("/new", params={"customer": said.customer}).text
    offered = re.search(r'<select id="service".*?</select>', page, re.DOTALL)[0]
    assert re.findall(r'value="([^"]+)"', offered) == [
        one.service for one in own_sample.use_cases.subscriptions.of(said.customer, limit=9)
    ]


def test_times_are_those_of_the_zone_that_the_form_names(client, own_sample, form):
    assert send(client, form, zone="Europe/Berlin").status_code == 303
    assert own_sample.started[0][1]["observed_from"].startswith("2026-11-23T20:00:00")


@pytest.mark.parametrize(
    ("observed", "zone"),
    [
        ("2026-10-25T02:30", "Europe/Berlin"),
        ("2026-03-29T02:30", "Europe/Berlin"),
        ("2026-11-23T21:00", "Europe/Nowhere"),
    ],
)
def test_a_time_that_is_not_one_instant_is_refused_not_guessed(client, own_sample, form, observed, zone):
    refused = send(client, form, observed_from=observed, zone=zone)
    assert refused.status_code == 422
    assert f"{observed} {zone}" in unescape(refused.text)
    assert own_sample.started == []


def test_measured_quantities_are_sent_with_their_units(client, own_sample, form):
    rows = {"metric_0": "latency", "value_0": "180", "unit_0": "ms", "metric_2": "packet_loss", "value_2": "2.5"}
    assert send(client, form, **rows, unit_2="percent").status_code == 303
    sent = [(one["metric"], float(one["value"]), one["unit"]) for one in own_sample.started[0][1]["parameters"]]
    assert sent == [("latency", 180, "ms"), ("packet_loss", 2.5, "percent")]
    refused = send(client, form, metric_0="latency", value_0="180", unit_0="percent")
    assert refused.status_code == 422
    assert "latency is never in percent" in refused.text
    assert 'value="180"' in refused.text


def test_an_open_incident_about_the_service_is_named_and_a_second_report_is_asked_about(client, own_sample, form):
    ticket = own_sample.walk(HELD, until=WAIT).id
    page = client.get("/new", params={"customer": form["customer"]}).text
    assert f"{form['service']} has an open incident" in page
    asked = send(client, form)
    assert asked.status_code == 409
    assert f'<a href="/incidents/{ticket}">{ticket}</a>' in asked.text
    assert own_sample.started == []
    assert send(client, form, anyway="1").status_code == 303
    assert len(own_sample.started) == 1
