"""The cut of a CSV into records by reading one character after the other: slow, and shares no code with Bronze."""

from typing import NamedTuple

from bronze.csv.records import LATER_BOM, MISPLACED_QUOTE, UNCLOSED_QUOTE


class Cut(NamedTuple):
    """One record as the slow definition sees it."""

    line: int
    text: str
    reasons: list[str]


def cut(text: str, fields: int, longest: int = 1 << 20) -> list[Cut]:
    """Cut a whole file, character by character."""
    lines = text.split("\n")
    ended = [line.removesuffix("\r") for line in lines]
    begins = [sum(len(line.encode()) + 1 for line in lines[:i]) for i in range(len(lines))]
    records, at = [], 0
    while at < len(lines):
        state, count = walk(ended[at], 0, inside=False)
        last, reasons = at, []
        if state == "wrong":
            reasons = [MISPLACED_QUOTE]
        while state == "inside":
            last += 1
            if last == len(lines):
                state = "unclosed"
                break
            state, more = walk(ended[last], 0, inside=True)
            count += more
        if last > at and (state != "outside" or begins[last] + len(lines[last].encode()) - begins[at] > longest):
            last, reasons = at, [UNCLOSED_QUOTE]
        body = "\n".join([*lines[at:last], ended[last]])
        if body.startswith("\ufeff"):
            reasons.append(LATER_BOM)
        alien = [c for c in body.replace("\r\n", "") if c < " " and c not in "\n\t"]
        if alien:
            reasons.append(f"registro: contém o caractere de controle U+{ord(alien[0]):04X}")
        if not {MISPLACED_QUOTE, UNCLOSED_QUOTE} & set(reasons) and count + 1 != fields:
            noun = "campo" if count == 0 else "campos"
            reasons.append(f"registro: tem {count + 1} {noun}, esperava {fields}")
        if body:
            records.append(Cut(at + 1, body, reasons))
        at = last + 1
    return records


def walk(line: str, at: int, *, inside: bool) -> tuple[str, int]:
    """Read one line; return the state at its end and how many commas separate fields."""
    commas, fresh = 0, not inside
    while at < len(line):
        char = line[at]
        if inside:
            if char == '"':
                if line[at + 1 : at + 2] == '"':
                    at += 1
                else:
                    inside = False
                    if line[at + 1 : at + 2] not in {"", ","}:
                        return "wrong", commas
        elif char == '"':
            if not fresh:
                return "wrong", commas
            inside = True
        elif char == ",":
            commas += 1
        fresh = char == ","
        at += 1
    return "inside" if inside else "outside", commas
