"""What a query costs on AWS, by Athena's list price."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

# On-demand queries in us-east-1: 5 USD a terabyte that is scanned, of at least 10 MB a query (Athena's pricing page).
# A terabyte is taken for 10**12 bytes, the dearer reading. SHOW and DESCRIBE, and queries that fail, are free.
USD_PER_TB: Final = Decimal(5)
LEAST_BYTES: Final = 10_000_000
_TB: Final = 10**12
_FRACTION: Final = Decimal("0.00001")


def usd(scanned: int) -> Decimal:
    """Return what it costs to scan some bytes, to a thousandth of a cent.

    >>> [str(usd(scanned)) for scanned in (0, 10_000_001, 10**12)]
    ['0.00005', '0.00005', '5.00000']
    """
    return (max(scanned, LEAST_BYTES) * USD_PER_TB / _TB).quantize(_FRACTION, ROUND_HALF_UP)
