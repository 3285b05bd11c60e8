"""What a function's log says of its cold start."""

import json

from bench.cold import STANDARD_LIBRARY, Cold, imports, phases, report


def mark(phase: str, seconds: float, *modules: str) -> str:
    return "cold start: " + json.dumps({"phase": phase, "seconds": seconds, "modules": modules})


LOG = "\n".join(
    [
        "import time: self [us] | cumulative | imported package",
        "import time:      1000 |       1000 |   numpy._core",
        "import time:      2000 |       3000 | numpy",
        "import time:       500 |        500 |   json.decoder",
        mark("init", 0.7, "numpy"),
        '{"message": "finished"}',
        "import time:      4000 |       4000 | openlineage.client",
        mark("call", 0.4, "numpy", "openlineage"),
    ]
)


def test_a_phase_is_told_with_its_time_and_what_is_loaded():
    said = phases(LOG)
    assert {phase: its["seconds"] for phase, its in said.items()} == {"init": 0.7, "call": 0.4}
    assert said["call"]["modules"] == ["numpy", "openlineage"]


def test_imports_add_up_by_package_in_the_phase_that_needed_them():
    assert imports(LOG) == {"init": {"numpy": 0.003, STANDARD_LIBRARY: 0.0005}, "call": {"openlineage": 0.004}}


def test_the_page_has_the_medians_and_the_goals():
    cold = Cold({"init": [0.5, 0.9, 0.6], "call": [0.4, 0.4, 0.5]}, imports(LOG))
    assert "| gold | 0.60 | 1 | 0.40 | 1.00 |" in report({"gold": cold}, 3)
