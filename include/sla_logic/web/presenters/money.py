"""Sentences for what is owed and booked: the judgement, the rebate, and the adjustment of the bill."""

from collections.abc import Iterator

from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement
from include.sla_logic.web.presenters.phrases import at, present, quantity, sentence, span
from include.sla_logic.web.rendering import amount, day
from include.sla_logic.web.translations import gettext
from include.sla_logic.web.wording import in_words


@present.register
def _(document: SlaComparison) -> Iterator[str]:
    yield gettext(
        "%(service)s was judged against %(contract)s (version %(version)s) for %(window)s, with what was known at "
        "%(at)s.",
        service=document.service,
        contract=document.contract_title,
        version=document.contract_version,
        window=span(document.window),
        at=at(document.as_of),
    )
    for judged in document.objectives:
        yield from _objective(judged)
    if document.credit_due is None:
        yield gettext("How much is owed is not known; a person must decide.")
    else:
        due = amount(document.credit_due)
        if document.capped and document.cap:
            cap = amount(document.cap)
            yield gettext("The credit due for this window is %(due)s, limited by the cap of %(cap)s.", due=due, cap=cap)
        else:
            yield gettext("The credit due for this window is %(due)s.", due=due)
        yield sentence(document.claim.reason)
    if document.provisional:
        yield sentence(gettext("This is provisional: %(why)s", why="; ".join(document.provisional_reasons)))
    if document.needs_approval:
        why = "; ".join(document.approval_reasons)
        yield sentence(gettext("A second person has to approve it: %(why)s", why=why))
    if document.chronic:
        said = {"right": document.chronic.right, "why": document.chronic.reason}
        if document.chronic.state == "reached":
            yield sentence(gettext("The customer has the right of %(right)s: %(why)s", **said))
        elif document.chronic.state == "one_event_before":
            yield sentence(gettext("One more event gives the customer the right of %(right)s: %(why)s", **said))


def _objective(judged: ObjectiveJudgement) -> Iterator[str]:
    verdicts = {"met": gettext("the promise is kept"), "breached": gettext("the promise is broken")}
    others = {"not_promised": gettext("nothing is promised")}
    unknown = gettext("whether the promise is kept is unknown")
    said = {
        "what": judged.title,
        "promised": gettext("by table") if judged.target is None else quantity(judged.target, judged.unit),
        "measured": quantity(judged.measured, judged.unit, judged.target),
        "verdict": (verdicts | others).get(judged.verdict.value, unknown),
    }
    if judged.credit:
        yield sentence(
            gettext(
                "%(what)s: promised %(promised)s, measured %(measured)s; %(verdict)s, which is worth %(credit)s",
                credit=amount(judged.credit),
                **said,
            )
        )
    else:
        yield sentence(gettext("%(what)s: promised %(promised)s, measured %(measured)s; %(verdict)s", **said))
    if judged.verdict.value not in verdicts:
        yield sentence(judged.reason)


@present.register
def _(document: Rebate) -> Iterator[str]:
    yield gettext(
        "For %(service)s in the window %(window)s the customer gets %(total)s.",
        service=document.service,
        window=span(document.window),
        total=amount(document.total),
    )
    yield sentence(document.reason)
    for line in document.lines:
        said = {
            "what": sentence(in_words(line.objective))[:-1],
            "gross": amount(line.gross),
            "net": amount(line.net),
        }
        if line.earlier:
            earlier = amount(line.earlier)
            yield gettext(
                "%(what)s: %(gross)s, less %(earlier)s credited before, leaves %(net)s.", earlier=earlier, **said
            )
        else:
            yield gettext("%(what)s: %(gross)s, leaves %(net)s.", **said)
    if document.provisional:
        yield gettext("The amount is provisional: not everything is known yet.")
    if document.held_for_approval:
        yield sentence(
            gettext("Nothing is booked before a second person approves it: %(why)s", why=document.held_because)
        )
    if document.claim_required and document.claim_last_day:
        last = day(document.claim_last_day)
        yield gettext("The customer has to claim it by %(day)s, the last day.", day=last)
    elif document.claim_required and document.claim_deadline:
        yield gettext("The customer has to claim it before %(at)s.", at=at(document.claim_deadline))
    yield from (sentence(note) for note in document.notes)


@present.register
def _(document: BillingAdjustment) -> Iterator[str]:
    said = {"account": document.account, "invoice": document.invoice}
    where = (
        gettext("invoice %(invoice)s of account %(account)s", **said)
        if document.invoice
        else gettext("account %(account)s", **said)
    )
    if document.held:
        yield gettext("Nothing was booked on %(where)s: the rebate waits for a second person.", where=where)
    elif document.booked:
        booked = amount(document.booked)
        yield gettext("Billing & Collections booked %(booked)s on %(where)s.", booked=booked, where=where)
    else:
        yield gettext("Billing & Collections booked nothing on %(where)s.", where=where)
    yield sentence(document.reason)
    if document.invoice_before is not None and document.invoice_after is not None and document.booked:
        went = {"before": amount(document.invoice_before), "after": amount(document.invoice_after)}
        yield gettext("The invoice went from %(before)s to %(after)s.", **went)
