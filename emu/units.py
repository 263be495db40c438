"""Quantities as people write them, to the integers the model computes with.

==============  =====================  ==========================================
what            written                held as
==============  =====================  ==========================================
duration        ``20ms``, ``1m30s``    int, nanoseconds
rate            ``200/s``, ``30/m``    float, per second
bandwidth       ``1Gbit``, ``100Mbit`` int, bits per second (decimal prefixes)
size            ``10Ki``, ``1M``, 512  int, bytes (Kubernetes quantities)
memory          ``128Mi``, ``1e9``     int, bytes (Kubernetes quantities)
CPU             ``2``, ``500m``        float, cores (Kubernetes quantities)
fraction        ``1%``, ``0.01``       float in [0, 1]
==============  =====================  ==========================================

Each parser raises ValueError with the rule that the text breaks.
"""

import re
from decimal import ROUND_CEILING, Decimal, InvalidOperation

SECOND = 1_000_000_000
_DURATION_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
YEAR = 365 * 24 * 3600 * SECOND
_LONGEST = 100 * YEAR  # sums of two such still fit into 64 bits
_RATE_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SLOWEST, _FASTEST = 0.01 / 3600, 1e8  # gaps from 10 ns, so that whole nanoseconds are fine enough
_SIZE_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_MEMORY_UNITS = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(["", *"kMGTPE"])},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}
_BANDWIDTH_UNITS = {"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9, "Tbit": 10**12}


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as ``20ms``, ``1.5s`` or ``1h30m`` (Go's notation)."""
    if text == "0":
        return 0
    total, position = Decimal(0), 0
    while position < len(text):
        part = _DURATION_PART.match(text, position)
        if part is None:
            raise ValueError("must be a duration such as 20ms, 1.5s or 1m30s")
        total += Decimal(part[1]) * _DURATION_UNITS[part[2]]
        position = part.end()
    if position == 0:
        raise ValueError("must be a duration such as 20ms, 1.5s or 1m30s")
    if total > _LONGEST:
        raise ValueError("must be at most 100 years")
    return int(total.to_integral_value())


def parse_rate(text: str) -> float:
    """Events per second of a rate such as ``200/s``, ``30/m`` or ``5/h``."""
    rule = "must be a rate such as 200/s, 30/m or 5/h"
    number, slash, unit = text.partition("/")
    if not slash or unit not in _RATE_UNITS:
        raise ValueError(rule)
    rate = _number(number, rule) / _RATE_UNITS[unit]
    if rate > _FASTEST or 0 < rate < _SLOWEST:
        raise ValueError("must be from 0.01/h to 100000000/s")
    return rate


def parse_bandwidth(text: str) -> int:
    """Bits per second of a bandwidth such as ``1Gbit`` or ``100Mbit``."""
    return _scaled(text, _BANDWIDTH_UNITS, "must be a bandwidth such as 100Mbit or 1Gbit")


def parse_size(text: str) -> int:
    """Bytes of a Kubernetes quantity such as ``10Ki`` or ``1M``."""
    return _scaled(text, _SIZE_UNITS, "must be a size such as 512, 10Ki or 1M")


def parse_memory(text: str) -> int:
    """Bytes of a Kubernetes quantity such as ``128Mi``, ``500M``, ``1e9`` or ``1500m``, rounded up.

    Source: Kubernetes, apimachinery, pkg/api/resource (``Quantity``).
    """
    rule = "must be an amount of memory such as 128Mi, 1G, 1e9 or 134217728"
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:[eE]([+-]?\d{1,2})|([A-Za-z]*))", text)
    if match is None or (match[3] or "") not in _MEMORY_UNITS:
        raise ValueError(rule)
    scale = Decimal(10) ** int(match[2]) if match[2] else _MEMORY_UNITS[match[3]]
    return int((Decimal(match[1]) * scale).to_integral_value(ROUND_CEILING))


def parse_cpu(text: str) -> float:
    """Cores of a Kubernetes quantity such as ``4``, ``0.5`` or ``500m``."""
    rule = "must be an amount of CPU such as 4, 0.5 or 500m"
    return _number(text[:-1], rule) / 1000 if text.endswith("m") else _number(text, rule)


def parse_fraction(text: str) -> float:
    """A share written as ``1%`` or ``0.01``."""
    rule = "must be a share such as 1% or 0.01"
    return _number(text[:-1], rule) / 100 if text.endswith("%") else _number(text, rule)


def _scaled(text: str, units: dict[str, int], rule: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", text)
    if match is None or match[2] not in units:
        raise ValueError(rule)
    return int((Decimal(match[1]) * units[match[2]]).to_integral_value())


def _number(text: str, rule: str) -> float:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(rule) from None
    if not value.is_finite():
        raise ValueError(rule)
    return float(value)


def format_duration(nanoseconds: float) -> str:
    """A duration with three significant digits in the unit that suits it: ``12.3 ms``."""
    for unit in ("s", "ms", "us"):
        value = nanoseconds / _DURATION_UNITS[unit]
        if abs(value) >= 999.5:  # seconds only: .3g would turn to an exponent
            return f"{value:.0f} {unit}"
        if abs(value) >= 0.9995:  # what rounds to 1 of this unit, not to 1000 of the next
            return f"{value:.3g} {unit}"
    return f"{nanoseconds:.0f} ns"
