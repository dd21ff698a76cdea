"""A letter as PDF, on request: needs the library WeasyPrint and the operating system's Pango."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.mail_message import page_of, read_message


class UnableToMakePdf(ForeseenError):
    """What the PDF is made with is not installed."""


def as_pdf(payload: Mapping[str, Any]) -> bytes:
    """Return the stored letter as PDF; its pictures are inside it, nothing is fetched."""
    try:
        import weasyprint
    except ImportError as error:
        raise UnableToMakePdf("A letter as PDF needs WeasyPrint: pip install 'weasyprint>=70,<71'.") from error
    except OSError as error:
        raise UnableToMakePdf(
            "A letter as PDF needs Pango (on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            f"libharfbuzz-subset0): {error}."
        ) from error
    page = page_of(read_message(str(payload["message"])))
    inside_only = weasyprint.urls.URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    pdf: bytes = weasyprint.HTML(string=page, url_fetcher=inside_only).write_pdf()
    return pdf
