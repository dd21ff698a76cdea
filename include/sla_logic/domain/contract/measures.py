"""How an objective's value is measured; one model per way."""

from typing import Annotated, Literal

from pydantic import Field

from include.sla_logic.domain.contract.quantities import BoundRange, Duration, Quantity, Term, ValueRange


class FromOutages(Term):
    """The share of the window without counted outage, in percent."""

    kind: Literal["outages"] = "outages"


class FromUnavailableState(Term):
    """The share of the window outside unavailable states of a sample series, in percent.

    `opens_after` bad samples in a row begin the state and `closes_after` good ones end it, both
    counted back to the first of the row (ITU-T G.826). A step without sample is neither.
    """

    kind: Literal["unavailable_state"] = "unavailable_state"
    series: str
    bad: ValueRange
    opens_after: Annotated[int, Field(ge=1)] = 1
    closes_after: Annotated[int, Field(ge=1)] = 1


class Statistic(Term):
    """Of the window's samples in this series (None: the one named as the metric), or of single times."""

    series: str | None = None


class FromMean(Statistic):
    """Their mean."""

    kind: Literal["mean"] = "mean"


class FromPercentile(Statistic):
    """Their nearest-rank percentile."""

    kind: Literal["percentile"] = "percentile"
    percentile: Annotated[Quantity, Field(gt=0, le=100)]


class FromShareBeyond(Statistic):
    """The share of them inside the given range, in percent."""

    kind: Literal["share_beyond"] = "share_beyond"
    bound: BoundRange


class FromErrorRates(Term):
    """100 less the mean error rate of all intervals of the window; one without requests has no errors."""

    kind: Literal["error_rates"] = "error_rates"
    interval: Annotated[Duration, Field(gt=0)]


class FromRestoreTimes(Term):
    """The mean time to restore of the window's repairs, in seconds."""

    kind: Literal["restore_times"] = "restore_times"


class FromResponseTimes(Term):
    """The mean time from the opening of a ticket to the first response, in seconds."""

    kind: Literal["response_times"] = "response_times"


class FromResolutionTimes(Term):
    """The mean time from the opening of a ticket to its resolution, in seconds."""

    kind: Literal["resolution_times"] = "resolution_times"


class FromDaysLate(Term):
    """Days by which a promised day was missed."""

    kind: Literal["days_late"] = "days_late"


class FromEvents(Term):
    """Credits stated per event by other service levels."""

    kind: Literal["events"] = "events"


OF_DOWNTIME = (FromOutages, FromUnavailableState)
STATISTICS = (FromMean, FromPercentile, FromShareBeyond)
ONE_BY_ONE = (FromRestoreTimes, FromResponseTimes, FromResolutionTimes)  # measured as single lengths of time

Measure = Annotated[
    FromOutages
    | FromUnavailableState
    | FromMean
    | FromPercentile
    | FromShareBeyond
    | FromErrorRates
    | FromRestoreTimes
    | FromResponseTimes
    | FromResolutionTimes
    | FromDaysLate
    | FromEvents,
    Field(discriminator="kind"),
]
