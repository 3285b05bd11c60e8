"""Exports as nobody should write them: rows of the sample, to which anything may have happened."""

import csv
import io
from random import Random

from exports import SAMPLE
from read_apart import MARK

# What values are mistaken for, and what breaks the text around them.
VALUES = [
    "", " ", "--", "1e3", "0x1F", "+5", "-5", "5.", ".5", "10.000", "10.5", "10", "007", "10,50", "1_000", "nan",
    "null", "9" * 16 + ".99", "9" * 17 + ".99", "9223372036854775808", "-9223372036854775808", "0" * 19 + "7",
    "2024-02-30", "2024-02-29", "0000-12-31", "9999-12-31", "2024-2-3", "２０２４-01-01", "٣", " x ", "\u00a0x", "x\t",
    "Sa\u0303o", "a;b", 'um "aviso"', "duas\nlinhas", "duas\r\nlinhas", MARK, f"{MARK}x", "\u2028", "ß", "PED001",
    "PED002", "-0.00", "0",
]  # fmt: skip
NOISE = ['"', '""', ",", "\r", "\n", "\r\n", "\x00", "\x1f", MARK, "\t", " ", "é", "'", ";"]


def written(random: Random, table: str) -> bytes:
    """Return a file with rows of the sample, to which anything may have happened."""
    lines = csv.reader(io.StringIO((SAMPLE.folder / f"{table}.csv").read_text("utf-8"), newline=""))
    header, *rows = lines
    order = random.sample(range(len(header)), len(header)) if random.random() < 0.3 else range(len(header))
    style, end = random.choice(["needed", "all", "some"]), random.choice(["\n", "\r\n", "either"])
    spoiled = random.choice([0, 0.05, 0.5])
    text = MARK * random.choice([0, 0, 1, 2]) + _line([header[at] for at in order], style, random) + _end(end, random)
    for row in random.choices(rows, k=random.randrange(25)):
        changed = list(row)
        if random.random() < spoiled:
            changed[random.randrange(len(changed))] = random.choice(VALUES)
        if random.random() < spoiled / 10:
            changed = changed[1:] if random.random() < 0.5 else [*changed, "x"]
        line = _line([changed[at] for at in order if at < len(changed)], style, random)
        if random.random() < spoiled / 2:
            at = random.randrange(len(line) + 1)
            line = line[:at] + random.choice(NOISE) + line[at:]
        text += line + _end(end, random) * random.choice([1] * 9 + [3])
    content = bytearray((text.rstrip("\r\n") if random.random() < 0.3 else text).encode())
    first = content.find(b"\n") + 1
    if random.random() < 0.05 and first and first < len(content):
        content[random.randrange(first, len(content))] = random.randrange(256)
    return bytes(content)


def _line(fields: list[str], style: str, random: Random) -> str:
    """Write a row; some write quotes where none are needed, and none write fewer."""
    quoted = []
    for field in fields:
        needs = style == "all" or any(mark in field for mark in '",\r\n') or (style == "some" and random.random() < 0.3)
        quoted.append('"' + field.replace('"', '""') + '"' if needs else field)
    return ",".join(quoted)


def _end(kind: str, random: Random) -> str:
    return random.choice(["\n", "\r\n"]) if kind == "either" else kind
