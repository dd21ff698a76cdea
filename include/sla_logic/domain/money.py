"""Amounts of money and the one place where they are rounded."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from include.sla_logic.domain.errors import ForeseenError

_MOST_DIGITS, _FINEST = 15, 60
_HUNDREDTH = Decimal("0.01")
_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in (0, 2, 3)}

# ISO 4217: the currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0
) | (dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3))

# ISO 4217: what people are billed in. Funds, metals and codes for tests are left out.
CURRENCIES = frozenset(
    """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
XCG XOF XPF YER ZAR ZMW ZWG
""".split()  # noqa: SIM905 - as the standard lists them
)


class UnableToAddMoney(ForeseenError):
    """Two amounts of different currencies cannot be added or compared."""


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (JPY 0, EUR 2, KWD 3)."""
    return _MINOR_DIGITS.get(currency, 2)


def _finite(amount: Decimal) -> Decimal:
    if amount.same_quantum(_HUNDREDTH) and amount.adjusted() < _MOST_DIGITS:
        return amount  # as almost all are
    if not amount.is_finite():
        msg = "is no amount of money: write its digits"
        raise ValueError(msg)
    exponent = amount.as_tuple().exponent
    if amount.adjusted() >= _MOST_DIGITS or (isinstance(exponent, int) and exponent < -_FINEST):
        msg = f"is no amount of money: write at most {_MOST_DIGITS} digits before the point and {_FINEST} behind it"
        raise ValueError(msg)
    return amount


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Money(BaseModel):
    """An amount with its currency; amounts of different currencies never meet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[Decimal, AfterValidator(_finite)]
    currency: Currency

    @model_validator(mode="after")
    def _show_minor_units(self) -> Self:
        """Write 200 as 200.00, so that equal amounts look equal; finer amounts stay as they are."""
        unit = _UNITS[minor_digits(self.currency)]
        if self.amount and self.amount.same_quantum(unit):
            return self
        shown = self.amount.quantize(unit)
        if shown == self.amount:
            object.__setattr__(self, "amount", shown + 0)
        return self

    @staticmethod
    def zero(currency: str) -> "Money":
        """Return nothing, in this currency."""
        return _zero(currency)

    @property
    def exact(self) -> Fraction:
        """The amount as an exact fraction, for arithmetic that is rounded later."""
        return Fraction(self.amount)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            msg = f"{self} and {other} are of different currencies."
            raise UnableToAddMoney(msg)
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        """Add an amount of the same currency."""
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount of the same currency."""
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __neg__(self) -> "Money":
        """Turn a credit into a debit."""
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        """Compare with an amount of the same currency."""
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        """Tell whether there is any money at all."""
        return bool(self.amount)

    def __str__(self) -> str:
        """Show as `12.50 EUR`."""
        return f"{self.amount} {self.currency}"


@lru_cache(maxsize=512)
def _zero(currency: str) -> Money:
    return Money(amount=Decimal(0), currency=currency)


def half_up(value: Fraction | Decimal, digits: int) -> Decimal:
    """Round to that many decimals, exact halves away from zero, without a float."""
    numerator, denominator = value.as_integer_ratio()
    numerator *= 10**digits
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return Decimal(whole if numerator >= 0 else -whole).scaleb(-digits)


def round_to_minor_unit(amount: Fraction | Decimal, currency: str) -> Money:
    """Round half up to the currency's minor unit: the only rounding of money in the product."""
    return Money(amount=half_up(amount, minor_digits(currency)), currency=currency)
