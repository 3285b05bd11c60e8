"""The message about a run that failed: what it says of each kind, what it never says, and events that are odd."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_events import AT, EXECUTION, RUN, event

from alert.ended import Ended
from alert.facts import Broken, Facts, Published
from alert.kinds import KINDS, kind_of
from alert.message import message_of
from cli.table import COMMANDS

FACTS = Facts(
    step="silver: WriteSilver",
    broken=(Broken("pedidos", "valor_positivo", 1234, 240000),),
    more=3,
    report="s3://lake/governance/quality/bronze/r.json",
    published=Published(7, "2026-11-29T06:00:00+00:00", "before"),
)


def ended(machine: str = "pipeline", status: str = "FAILED", **detail: Any) -> Ended:
    found = Ended.of_event(event(machine, status, **detail))
    assert found is not None
    return found


def failed(error: str, cause: str = "", machine: str = "pipeline", **given_: Any) -> Ended:
    return ended(machine, error=error, cause=cause, input=given_)


DENIED = (
    "An error occurred (AccessDenied) when calling the PutObject operation: User: arn:aws:sts::1:assumed-role/LabRole/x"
    " is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::lake/x"
)
# What a kind of failure looks like on AWS, and what it is called; "Handling errors", AWS Step Functions guide.
KINDS_OF = {
    "an audit of a run": (failed("AuditFailed", "The audit of bronze failed"), "audit"),
    "an audit by hand": (failed("AuditFailed", "Version 3 fails", "teste_gold"), "published-audit"),
    "governance": (failed("GovernanceFailed", "1 problem"), "governance"),
    "a CSV that is missing": (failed("InputError", "pedidos.csv is missing"), "input"),
    "a sum that is too large": (failed("MoneyRangeError", "does not fit"), "input"),
    "a base that moved": (failed("LakehouseError", "version 4, of run x, came between", "silver"), "refused"),
    "a discarded run": (failed("LakehouseError", "run x was discarded", only="publish", run_id="x"), "refused"),
    "nothing to go back to": (failed("LakehouseError", "no", only="rollback"), "refused"),
    "a layer that is not there": (failed("LakehouseError", "run bronze first", "silver"), "stopped"),
    "a file that was replaced": (failed("ReplacedError", "is not what it was"), "replaced"),
    "a contract": (failed("ContractError", "no contract"), "contract"),
    "the catalogue": (failed("CatalogueBehind", "What is published stays"), "catalogue"),
    "a crawler": (failed("CrawlFailed", "The crawler x ended with FAILED"), "crawl"),
    "a step that there is not": (failed("UnknownStep", "only is x", only="x"), "unknown-step"),
    "a Lambda's timeout": (failed("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 900.00 s"), "timeout"),
    "a task's timeout": (failed("States.Timeout"), "timeout"),
    "no memory": (failed("Runtime.OutOfMemory", "Error: Runtime exited with error: signal: killed"), "memory"),
    "Python's memory": (failed("MemoryError", "malloc of size 1 failed"), "memory"),
    "a process that ended": (failed("Runtime.ExitError", "Runtime exited without providing a reason"), "crashed"),
    "no Lambda left": (failed("Lambda.TooManyRequestsException", "Rate Exceeded."), "throttled"),
    "S3 is asked too often": (failed("ClientError", "An error occurred (SlowDown) when calling x"), "throttled"),
    "S3 refuses": (failed("ClientError", DENIED), "denied"),
    "Glue refuses": (failed("Glue.AccessDeniedException", "not authorized to perform: glue:StartCrawler"), "denied"),
    "Lambda refuses": (failed("Lambda.AWSLambdaException", "not authorized to perform: lambda:Invoke"), "denied"),
    "S3 fails": (failed("ClientError", "An error occurred (InternalError) when calling x"), "service"),
    "the network": (failed("EndpointConnectionError", "Could not connect"), "service"),
    "parts": (failed("States.ExceedToleratedFailureThreshold", "The specified tolerated failure"), "parts"),
    "a nested run that was stopped": (
        failed("States.TaskFailed", f"The execution {EXECUTION.format('gold', RUN)} ended as ABORTED."), "part-stopped",
    ),
    "the definition": (failed("States.Runtime", "The JSONPath '$.x' could not be found"), "machine"),
    "too much data": (failed("States.DataLimitExceeded", "too large"), "machine"),
    "a bug": (failed("KeyError", "'x'"), "bug"),
    "no error": (ended(), "bug"),
    "aborted": (ended(status="ABORTED", cause="by hand"), "aborted"),
    "timed out": (ended(status="TIMED_OUT"), "run-timed-out"),
    "warnings": (ended(status="SUCCEEDED", output={"bronze": {"tables": [{"table": "t", "warnings": 2}]}}), "warnings"),
}  # fmt: skip


@pytest.mark.parametrize("what", KINDS_OF)
def test_a_failure_is_known_by_what_aws_or_our_own_code_says_of_it(what: str) -> None:
    of, kind = KINDS_OF[what]
    assert kind_of(of).name == kind


def test_every_kind_is_the_kind_of_something() -> None:
    assert {kind for _, kind in KINDS_OF.values()} == set(KINDS)


@pytest.mark.parametrize("what", KINDS_OF)
def test_a_message_has_run_step_error_rule_table_count_what_stayed_published_and_the_next_command(what: str) -> None:
    of, _ = KINDS_OF[what]
    message = message_of(of, FACTS)
    portuguese, _, english = message.text.partition("\n--\n")
    for text in (portuguese, english):
        assert of.run in text
        assert "2026-11-30 14:05:06 UTC" in text
        assert "pedidos: valor_positivo" in text
        assert "s3://lake/governance/quality/bronze/r.json" in text
        assert "2026-11-29 06:00" in text
        assert "before" in text
        assert text.rstrip().splitlines()[-1].startswith("    ./importau ")
        assert ("silver: WriteSilver" in text) == (of.status != "SUCCEEDED")
        assert (of.error in text) or not of.error
    assert "1.234 de 240.000" in portuguese
    assert "a versão 7" in portuguese
    assert "1,234 of 240,000" in english
    assert "version 7" in english


@pytest.mark.parametrize("what", KINDS_OF)
def test_the_next_command_is_one_that_there_is(what: str) -> None:
    of, _ = KINDS_OF[what]
    _, command, *_ = kind_of(of).command(of).split()
    assert command in {entry.name for entry in COMMANDS}


def test_what_cannot_be_read_is_said_to_be_unknown() -> None:
    text = message_of(failed("ClientError", DENIED), Facts()).text
    assert "passo: não se pôde saber" in text
    assert "step: could not be found out" in text
    assert "publicado: não se pôde saber" in text
    assert "published: could not be found out" in text


def test_an_execution_that_ended_before_its_first_state_says_so() -> None:
    text = message_of(failed("ClientError", DENIED), Facts(step="")).text
    assert "passo: nenhum tinha começado" in text
    assert "step: none had begun" in text


def test_where_nothing_was_published_yet_that_is_said() -> None:
    text = message_of(failed("InputError", "x"), Facts(published=Published(0))).text
    assert "publicado: nada foi publicado até agora" in text
    assert "published: nothing was published so far" in text


def test_a_version_of_the_run_itself_is_said_to_be_that() -> None:
    text = message_of(failed("CrawlFailed", "x"), Facts(published=Published(8, AT.isoformat(), RUN))).text
    assert "published: version 8, of 2026-11-30 14:05, of this run" in text
    assert "desta execução" in text


def test_the_cause_of_our_own_is_repeated_and_that_of_anything_else_is_not() -> None:
    assert "cause: pedidos.csv is missing\n    cambio.csv is missing" in (
        message_of(failed("InputError", "pedidos.csv is missing\ncambio.csv is missing"), FACTS).text
    )
    other = message_of(failed("ArrowInvalid", "Could not convert 'Fulano de Tal' with type str"), FACTS).text
    assert "Fulano" not in other
    assert "cause: not repeated here" in other


def test_of_a_call_that_was_refused_the_action_is_named_and_not_by_whom() -> None:
    text = message_of(failed("ClientError", DENIED), FACTS).text
    assert "call: PutObject" in text
    assert "LabRole" not in text


PERSONAL = ("ana.araujo@empresa.com.br", "123.456.789-09", "12345678909", "12.345.678/0001-95", "(11) 98765-4321")


@pytest.mark.parametrize("value", PERSONAL)
def test_nothing_that_looks_personal_is_ever_sent(value: str) -> None:
    message = message_of(failed("InputError", f"the row of {value} is odd", run_id=f"run-of-{value}"), FACTS)
    assert value not in message.text
    assert value not in message.subject
    assert "the row of [...] is odd" in message.text


text = st.text(max_size=300)
odd = st.none() | st.integers() | text | st.lists(st.integers(), max_size=2) | st.dictionaries(text, text, max_size=2)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "detail": odd
            | st.fixed_dictionaries(
                {"executionArn": text, "status": st.sampled_from(["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED", "x"])},
                optional={
                    "stateMachineArn": odd, "name": odd, "stopDate": odd | st.floats(), "input": odd, "output": odd,
                    "error": odd, "cause": odd,
                },
            ),
        },
    )
)  # fmt: skip
def test_an_odd_event_gives_a_message_that_sns_takes_or_none(sent: dict[str, Any]) -> None:
    found = Ended.of_event(sent)
    if found is None:
        return
    message = message_of(found, Facts())
    assert message.subject.isascii()
    assert message.subject.isprintable()
    assert 0 < len(message.subject) <= 100
    assert 0 < len(message.text.encode()) < 256 * 1024
    assert set(found.warned) <= {str(name) for name in found.warned}


@pytest.mark.parametrize("sent", [None, [], "x", {}, {"detail": None}, {"detail": {"status": "FAILED"}}])
def test_what_is_no_event_of_an_execution_is_none(sent: Any) -> None:
    assert Ended.of_event(sent) is None


def test_an_execution_that_runs_has_not_ended() -> None:
    assert Ended.of_event(event(status="RUNNING")) is None


def test_the_run_is_the_one_that_was_told_or_else_the_execution() -> None:
    assert ended().run == RUN
    assert ended(input={"only": "publish", "run_id": "held"}).run == "held"


def test_a_step_that_is_about_another_run_names_its_own_execution_as_well() -> None:
    assert f"started as: {RUN}" in message_of(failed("LakehouseError", "x", only="publish", run_id="held"), FACTS).text
    assert "started as" not in message_of(failed("LakehouseError", "x"), FACTS).text


def test_warnings_are_those_of_every_layer_or_of_the_one() -> None:
    tables = [{"table": "a", "warnings": 2}, {"table": "b", "warnings": 0}, {"table": "c", "warnings": "x"}]
    assert ended("bronze", "SUCCEEDED", output={"tables": tables}).warned == {"a": 2}
    assert ended(status="SUCCEEDED", output={"gold": {"tables": tables}, "run_id": "r"}).warned == {"a": 2}
    assert ended(status="SUCCEEDED", output={"nothing_to_do": True}).warned == {}


def test_what_looks_personal_is_told_of_a_run_that_succeeded_by_column_and_kind_with_masked_values() -> None:
    of = ended(status="SUCCEEDED", output={"governance": {"personal": 1}})
    assert of.suspected == 1
    assert ended(status="SUCCEEDED", output={"governance": {"personal": "x"}}).suspected == 0
    assert ended(status="SUCCEEDED", output={"governance": []}).suspected == 0
    found = "produtos.observacoes: 3 de 10 valores (30 %) parecem e-mail, como j***.s****@e******.c**.b*"
    text = message_of(of, dataclasses.replace(FACTS, personal=(found,))).text
    assert "dados pessoais: produtos.observacoes: 3 de 10 valores (30 %) parecem e-mail, como [...]" in text
    assert "personal data: produtos.observacoes: " in text


def test_what_is_not_as_in_the_runs_before_is_told_of_a_run_that_succeeded_with_its_numbers() -> None:
    of = ended(status="SUCCEEDED", output={"governance": {"anomalies": 1}})
    assert (of.anomalies, of.suspected) == (1, 0)
    found = (
        "fato_pedido_correlacionado.valor_item_brl: soma 12.345.678,90, esperado 98.765.432,10 (usual de 95.111.222,33 "
        "a 101.444.555,66, por 31 execuções, por dia da semana); 25,4 vezes a dispersão"
    )
    text = message_of(of, dataclasses.replace(FACTS, anomalies=(found,))).text
    assert f"fora do usual: {found}" in text
    assert f"not as usual: {found}" in text
