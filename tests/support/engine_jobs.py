"""Jobs of an engine for the tests of who measures them; each is run in a process of its own."""

import time
from pathlib import Path


def main(source: Path, target: Path) -> None:
    held = bytearray(300 << 20)
    (target / "made").write_text(f"{source.name} {len(held)}", "utf-8")


def spin(source: Path, target: Path) -> None:
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass


def wait(source: Path, target: Path) -> None:
    time.sleep(600)


def grow(source: Path, target: Path) -> None:
    held = []
    for _ in range(600):
        held.append(bytearray(b"x" * (20 << 20)))
        time.sleep(0.02)


def fail(source: Path, target: Path) -> None:
    raise ValueError("amounts that do not fit")
