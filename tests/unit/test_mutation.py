"""The mutants themselves: what is changed, what is left alone, which tests are run, and what is told of it."""

import json
import os
import select
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.mutation import __main__ as command
from tests.mutation import reach
from tests.mutation.children import ROOT, Chosen, in_children
from tests.mutation.operators import compiles, mutants_of
from tests.mutation.reach import Reach, noticing

# Its children end by an alarm, which is pytest-timeout's signal as well.
pytestmark = [pytest.mark.timeout(0), pytest.mark.once]


def changes(source):
    """Every change of a text, as before and after."""
    return [(mutant.before, mutant.after) for mutant in mutants_of("m.py", source.encode())]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", [("<", "<="), ("<", ">=")]),
        ("a <= b", [("<=", "<"), ("<=", ">")]),
        ("a == b != c", [("==", "!="), ("!=", "==")]),
        ("a is not  b", [("is not", "is")]),
        ("a not in b", [("not in", "in")]),
        ("a + b * c", [("+", "-"), ("*", "//")]),
        ("a // (b) << c", [("//", "*"), ("<<", ">>")]),
        ("a and b and c", [("and", "or"), ("and", "or")]),
        ("not a", [("not a", "a")]),
        ("-a", [("-a", "a")]),
        ("7", []),  # as a statement it does nothing
        ("a = 7", [("7", "8")]),
        ("a = 1", [("1", "0"), ("1", "2")]),
        ("a = True", [("True", "False")]),
        ("a = 'ação', ''", [("'ação'", '""'), ("''", '"mutant"')]),
        ("a = f'{b} x'", [("f'{b} x'", '""')]),
        ("a = b''", [("b''", 'b"mutant"')]),
        ("a = min(b)", [("min", "max")]),
        ("a = pc.first(b)", [("first", "last")]),
        ("a = b[c:d]", [("c", ""), ("d", "")]),
        ("f(a)", [("f(a)", "pass")]),
        ("a += b", [("a += b", "pass")]),
        ("a.b = c", [("a.b = c", "pass")]),
        ("raise a", [("raise a", "pass")]),
        ("if a: pass", [("a", "False"), ("a", "True")]),
        ("a = b if c else d", [("c", "False"), ("c", "True")]),
        ("a = [b for b in c if d]", [("d", "False"), ("d", "True")]),
        ("while a: break", [("a", "False"), ("break", "continue")]),
        ("def f(a=b):\n  return a", [("a", "None")]),
        ("def f(a: int = 3) -> 'x': return", [("3", "4")]),
        ("def f():\n  '''Say.'''\n  return None", []),
        ("import os\nfrom a import b", []),
        ("if TYPE_CHECKING:\n  import a", []),
        ("a = cast('T', b); c = TypeVar('T')", []),
        ("__all__ = ['a']", []),
        ("A = Literal['a', 'b']", []),
        ("@dataclass(frozen=True)\nclass A: pass", []),
    ],
)  # fmt: skip
def test_each_kind_of_place_has_its_changes(source, expected):
    assert changes(source) == expected


def test_a_change_knows_its_line_its_statement_and_when_it_runs():
    source = "A = 3\n\n\ndef f(a):\n    if (\n        a > A\n    ):\n        return a + 'é'\n"
    found = {(m.before, m.after): m for m in mutants_of("m.py", source.encode())}
    constant, boundary, plus = found["3", "4"], found[">", ">="], found["+", "-"]
    assert (constant.lines, constant.when_imported) == ((1, 1), True)
    assert (boundary.line, boundary.lines, boundary.when_imported) == (6, (5, 6), False)
    assert (plus.line, plus.lines, plus.source) == (8, (8, 8), "return a + 'é'")
    assert boundary.says == "m.py:6  >  ->  >="
    assert plus.applied(source.encode()).decode() == source.replace("a +", "a -")
    assert found["'é'", '""'].applied(source.encode()).decode() == source.replace("'é'", '""')


def test_what_is_no_python_any_more_is_known():
    assert compiles(b"a = 1")
    assert not compiles(b"while a:\n")


def test_each_mutant_of_the_project_is_another_text_and_most_are_python():
    content = (ROOT / "functions/gold/groups.py").read_bytes()
    mutants = mutants_of("functions/gold/groups.py", content)
    assert len(mutants) > 80
    texts = {mutant.applied(content) for mutant in mutants}
    assert content not in texts
    assert sum(map(compiles, texts)) > 0.95 * len(mutants)


REACHED = {
    "tests/one.py": Reach(
        {"one::a": 1.0, "one::b": 0.1, "one::c": 0.2, "one::red": 0.1},
        {"m.py": {"": [1, 4], "one::a": [5, 6], "one::b": [8], "one::red": [5, 6]}},
        ["one::red"],
    ),
    "tests/two.py": Reach({"two::a": 50.0, "two::b": 0.1}, {"m.py": {"two::a": [8], "": [1]}}, []),
    "tests/shared.py": Reach({"shared::a": 3.0, "shared::b": 2.0}, {"n.py": {"": [1, 2], "shared::a": [2]}}, []),
}


def mutant(path, before):
    source = "A = 3\n\n\ndef f(a):\n    if (\n        a > A\n    ):\n        return a + 1\n"
    return next(m for m in mutants_of(path, source.encode()) if m.before == before)


def test_the_tests_that_run_the_statement_come_first_and_then_those_near_it_that_are_quick():
    tests, exact = noticing(mutant("m.py", ">"), REACHED)
    assert exact == {"one::a"}
    assert tests == {"one::a": 1.0, "one::b": 0.1, "one::c": 0.2}  # one::red is red
    assert noticing(mutant("m.py", "+"), REACHED)[1] == {"one::b", "two::a"}


def test_of_many_tests_the_quick_ones_are_run_up_to_a_limit_and_one_in_any_case():
    lines = {"m.py": {"t::a": [5], "t::b": [5], "t::c": [5], "": [1]}}
    for slow, chosen in ((40.0, {"t::a", "t::b"}), (90.0, {"t::a"})):
        reach = Reach({"t::a": 20.0, "t::b": slow, "t::c": 1000.0, "t::near": 21.0, "t::far": 20.0}, lines, [])
        tests, exact = noticing(mutant("m.py", ">"), {"t": reach})
        assert (exact, set(tests) - exact) == (chosen, {"t::far"})
    alone = Reach({"t::c": 1000.0}, lines, [])
    assert noticing(mutant("m.py", ">"), {"t": alone})[1] == {"t::c"}


def test_what_runs_when_the_module_is_loaded_may_be_noticed_by_whoever_loads_it():
    tests, exact = noticing(mutant("m.py", "3"), REACHED)
    assert exact == {"one::a", "one::b", "two::a"}  # they run some of it
    assert set(tests) - exact == {"one::c", "two::b"}


def test_what_the_tests_of_a_file_share_is_reached_by_all_of_them():
    source = b"def f():\n    return 7\n"
    shared = next(m for m in mutants_of("n.py", source) if m.before == "7" and m.after == "8")
    assert noticing(shared, REACHED) == ({"shared::a": 3.0, "shared::b": 2.0}, {"shared::a", "shared::b"})


def test_tests_that_run_a_module_in_another_process_may_notice_it_too():
    file = "tests/unit/test_process.py"
    away = mutant("functions/common/lakehouse/process.py", ">")
    assert noticing(away, {file: Reach({"process::a": 1.0}, {}, [])}) == ({"process::a": 1.0}, frozenset())


def test_a_file_that_no_test_loads_has_no_tests():
    assert noticing(mutant("nowhere.py", ">"), REACHED) == ({}, frozenset())


def test_those_that_reach_it_come_first_then_the_quick_ones_and_a_file_stays_together():
    class Item:
        def __init__(self, nodeid):
            self.nodeid = nodeid

    seconds = {"x::slow": 9.0, "x::1": 0.01, "y::1": 0.01, "x::2": 0.06, "y::exact": 1.0}
    items = [Item(name) for name in ("x::slow", "x::1", "x::unknown", "x::2", "y::1", "y::exact")]
    Chosen(seconds, frozenset({"y::exact"})).pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == ["y::exact", "x::1", "x::2", "y::1", "x::slow"]


def test_jobs_run_in_processes_of_their_own_one_a_place_and_end_with_their_status(tmp_path):
    places = [tmp_path / "a", tmp_path / "b"]
    for place in places:
        place.mkdir()

    def work(job, place):
        assert Path.cwd() == place
        (place / "busy").touch(exist_ok=False)
        if job == "killed":
            os.kill(os.getpid(), signal.SIGALRM)
        if job == "raises":
            raise ValueError("why")
        (place / "busy").unlink()
        return job

    assert dict(in_children([0, 1, 5], places, work)) == {0: 0, 1: 1, 5: 5}
    with pytest.raises(RuntimeError, match="ValueError: why"):
        list(in_children(["raises"], places[:1], work))
    (places[0] / "busy").unlink()
    assert dict(in_children(["killed"], places, work)) == {"killed": -signal.SIGALRM}


def test_what_a_job_leaves_running_is_ended_with_it(tmp_path):
    reading, writing = os.pipe()

    def work(job, place):
        if not os.fork():
            signal.pause()
        return 0

    assert list(in_children(["x"], [tmp_path], work)) == [("x", 0)]
    os.close(writing)
    # The pipe ends when nobody has it open any more.
    assert select.select([reading], [], [], 60)[0]
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_a_copy_has_one_mutant_at_a_time(tmp_path):
    place, source = tmp_path / "copy", "A = 3\n\n\ndef f(a):\n    if (\n        a > A\n    ):\n        return a + 1\n"
    place.mkdir()
    for name in ("m.py", "n.py"):
        (place / name).write_text(source)
    for path, before in (("m.py", "3"), ("m.py", ">"), ("n.py", "+"), ("m.py", "3")):
        one = mutant(path, before)
        command.put_in(one, place)
        for name in ("m.py", "n.py"):
            expected = one.applied(source.encode()) if name == path else source.encode()
            assert (place / name).read_bytes() == expected


def test_the_same_seed_draws_the_same_mutants_and_another_one_others():
    first, again, other = (command.sampled(["functions/silver"], 20, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert {Path(mutant.path).parent.as_posix() for mutant in first} == {"functions/silver"}


def test_each_mutant_that_is_told_to_change_nothing_is_one_and_says_why():
    listed = command.equivalents()
    for path in {path for path, _, _ in listed}:
        there = {(m.source, m.after) for m in mutants_of(path, (ROOT / path).read_bytes())}
        assert {(line, after) for file, line, after in listed if file == path} <= there, f"{path} has changed"
    assert all(why.endswith(".") for why in listed.values())


def test_a_room_below_what_is_asked_for_makes_the_exit_code_and_what_was_missed_is_listed(capsys):
    sample = [mutant(path, before) for path in ("a/b/m.py", "a/c/d/m.py") for before in (">", "+", "3", "1")]
    assert command._told(sample, [], 98) == 0
    assert command._told(sample, sample[:1], 98) == 1
    told = capsys.readouterr().out
    assert told.splitlines()[3:] == [
        "a/b           3 of     4   75.0 %",
        "a/c           4 of     4  100.0 %",
        "together      7 of     8   87.5 %",
        "unnoticed: a/b/m.py:6  >  ->  <=",
    ]
    assert command._told(sample, sample[:1], 75) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mutants", "0"], "--mutants: at least 1"),
        (["--mutants", "many"], "invalid int value: 'many'"),
        (["--mutants", "1", "--processes", "0"], "--processes: at least 1"),
        (["--mutants", "1", "--tests", "tests/unit", "--tests", "tests/no"], "--tests tests/no: no file or folder"),
        (
            ["--mutants", "1", "--room", "nowhere", "--room", "docs"],
            "--room nowhere: no folder or file with code; --room docs",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_done(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--mutants", "3", "--seed", "1"], ["--room", "functions/gold", "--mutants=3"]])
def test_the_test_command_hands_mutants_over_and_ends_as_they_do(arguments, monkeypatch):
    run = []
    monkeypatch.setattr(
        "cli.commands.test.subprocess.run", lambda command, **_: run.append(command) or SimpleNamespace(returncode=7)
    )
    assert CliRunner().invoke(app, ["test", *arguments]).exit_code == 7
    assert [command[1:] for command in run] == [["-m", "tests.mutation", *arguments]]


@pytest.mark.parametrize("kept", [True, False])
def test_of_the_tests_that_are_asked_for_those_are_measured_of_which_nothing_is_kept(kept, monkeypatch, tmp_path):
    jobs = []
    monkeypatch.setattr(reach, "_KEPT", tmp_path)
    monkeypatch.setattr(reach, "in_children", lambda missing, *_: jobs.extend(missing) or [])
    reach.measured([], ["functions"], ["tests/unit/test_gold.py", "tests/unit/test_keys.py"])
    assert {name for name, _ in jobs} == {"tests/unit/test_gold.py", "tests/unit/test_keys.py"}
    for _, answer in jobs if kept else ():
        answer.write_text(json.dumps({"seconds": {"a": 1.0}, "lines": {}, "failed": []}))
    first = jobs.copy()
    jobs.clear()
    (tmp_path / "gone.json").touch()
    found = reach.measured([], ["functions"], ["tests/unit/test_gold.py"])
    assert list(found) == (["tests/unit/test_gold.py"] if kept else [])
    assert jobs == ([] if kept else [job for job in first if job[0] in {"tests/unit/test_gold.py"}])
    assert not (tmp_path / "gone.json").exists()


def test_what_was_measured_holds_as_long_as_the_code_that_ran_is_the_same():
    file = "functions/gold/groups.py"
    digest = reach._digest([ROOT / file])
    assert Reach({}, {}, [], {file: digest}).holds
    assert not Reach({}, {}, [], {file: digest[::-1]}).holds
    assert not Reach({}, {}, [], {"functions/gold/gone.py": digest}).holds
