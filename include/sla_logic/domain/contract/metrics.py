"""What objectives promise: the metrics, their units, and how each is usually measured."""

from enum import StrEnum

from include.sla_logic.domain.contract.measures import (
    FromDaysLate,
    FromErrorRates,
    FromEvents,
    FromOutages,
    FromResolutionTimes,
    FromResponseTimes,
    FromRestoreTimes,
    Measure,
)


class MetricName(StrEnum):
    """What an objective promises."""

    AVAILABILITY = "availability"
    SUCCESS_RATE = "success_rate"
    DELIVERY = "delivery"
    LATENCY = "latency"
    PACKET_LOSS = "packet_loss"
    JITTER = "jitter"
    MOS = "mos"
    THROUGHPUT = "throughput"
    TIME_TO_RESTORE = "time_to_restore"
    TIME_TO_RESPOND = "time_to_respond"
    TIME_TO_RESOLVE = "time_to_resolve"
    DELAY = "delay"
    EVENTS = "events"


PERCENT = {MetricName.AVAILABILITY, MetricName.SUCCESS_RATE, MetricName.DELIVERY}
HIGHER_IS_BETTER = {*PERCENT, MetricName.MOS, MetricName.THROUGHPUT}
UNITS = dict.fromkeys([*PERCENT, MetricName.PACKET_LOSS], "percent") | {
    MetricName.LATENCY: "ms",
    MetricName.JITTER: "ms",
    MetricName.MOS: "MOS",
    MetricName.THROUGHPUT: "Mbit/s",
    MetricName.TIME_TO_RESTORE: "s",
    MetricName.TIME_TO_RESPOND: "s",
    MetricName.TIME_TO_RESOLVE: "s",
    MetricName.DELAY: "days",
    MetricName.EVENTS: "percent",
}
MEASURES: dict[MetricName, Measure] = {
    MetricName.AVAILABILITY: FromOutages(),
    MetricName.SUCCESS_RATE: FromErrorRates.model_validate({"interval": "5 min"}),
    MetricName.TIME_TO_RESTORE: FromRestoreTimes(),
    MetricName.TIME_TO_RESPOND: FromResponseTimes(),
    MetricName.TIME_TO_RESOLVE: FromResolutionTimes(),
    MetricName.DELAY: FromDaysLate(),
    MetricName.EVENTS: FromEvents(),
}
