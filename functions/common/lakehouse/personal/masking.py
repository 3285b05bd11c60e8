"""A value as it may be shown to somebody who is not to know it. Pure."""

import re
from typing import Final

# How a contract says that a column is delivered masked (`lakehouse.personal.delivery`).
HMAC: Final = "hmac"
PARTIAL: Final = "partial"
DROP: Final = "drop"
METHODS: Final = (HMAC, PARTIAL, DROP)
_LEAST: Final = 3


def masked(text: str) -> str:
    """Return a value as it may be shown: of each word the first letter, of numbers nothing.

    >>> masked("joao.silva@exemplo.com.br"), masked("123.456.789-09"), masked("Ana")
    ('j***.s****@e******.c**.b*', '***.***.***-**', '***')
    """

    def hidden(match: re.Match[str]) -> str:
        word = match[0]
        shown = word[0] if word[0].isalpha() and len(text) > _LEAST else "*"
        return shown + "*" * (len(word) - 1)

    return re.sub(r"\w+", hidden, text)
