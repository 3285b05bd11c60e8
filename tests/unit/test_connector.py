"""State machines and executions read back from Step Functions, and the tables made of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from governance.agreement import Observed
from governance.connector import (
    SCHEMAS,
    executions_table,
    governance_table,
    machine_rows,
    machine_table,
    pipelines_table,
    tasks_table,
)
from governance.declared import job_events, lineage_table
from lakehouse.contract.layers import LAYERS
from lakehouse.contract.model import load, load_all
from lakehouse.lineage.edges import Edge
from lakehouse.lineage.names import Place
from lakehouse.orchestration.pipelines import machine_arns
from lakehouse.orchestration.stepfunctions import StateMachines, executions_of

SILVER_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_silver"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEFINITION = {
    "Comment": "Silver: o fato. | OWNER: controladoria",
    "States": {
        "WriteSilver": {
            "Type": "Task",
            "Comment": "Correlaciona | OWNER: dados | INPUTS: importau_bronze.cambio"
            " | OUTPUT: importau_silver.fato_pedido_correlacionado",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Retry": [{"ErrorEquals": ["Lambda.ServiceException"], "MaxAttempts": 5}],
        },
        "Done": {"Type": "Pass"},
    },
}


def event(number: int, kind: str, seconds: float, **details: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "timestamp": START + timedelta(seconds=seconds), **details}


HISTORY = [
    event(1, "ExecutionStarted", 0, executionStartedEventDetails={"input": "{}"}),
    event(2, "TaskStateEntered", 0, stateEnteredEventDetails={"name": "WriteSilver"}),
    event(3, "TaskScheduled", 0, taskScheduledEventDetails={"resourceType": "lambda", "resource": "invoke"}),
    event(4, "TaskSucceeded", 2.5),
    event(5, "MapStateEntered", 2.5, stateEnteredEventDetails={"name": "Publish"}),
    event(6, "TaskScheduled", 2.5, taskScheduledEventDetails={"resourceType": "aws-sdk:s3", "resource": "copyObject"}),
    event(7, "TaskSucceeded", 3),
    event(
        8,
        "ExecutionSucceeded",
        4,
        executionSucceededEventDetails={
            "output": json.dumps({"tables": [{"rows": 30}], "silver": {"tables": [{"rows": 12}]}, "n": 1})
        },
    ),
]


class Client:
    """Step Functions with one machine of this project; asked for a list, as others are in it, it fails."""

    exceptions = SimpleNamespace(StateMachineDoesNotExist=type("StateMachineDoesNotExist", (Exception,), {}))

    def __init__(self, history: list[dict[str, Any]] = HISTORY, status: str = "SUCCEEDED") -> None:
        self.history, self.status = history, status

    def get_paginator(self, name: str) -> Any:
        pages = {
            "get_execution_history": [{"events": self.history[:3]}, {"events": self.history[3:]}],
        }[name]
        return SimpleNamespace(paginate=lambda **_: pages)

    def describe_state_machine(self, stateMachineArn: str) -> Any:  # noqa: N803
        if stateMachineArn != SILVER_ARN:
            raise self.exceptions.StateMachineDoesNotExist
        return {"name": "StateMachine_DAG_silver", "definition": json.dumps(DEFINITION)}

    def list_executions(self, **_: Any) -> Any:
        stopped = {} if self.status == "RUNNING" else {"stopDate": START + timedelta(seconds=4)}
        entry = {"executionArn": "arn:run-1", "name": "run-1", "status": self.status, "startDate": START}
        return {"executions": [entry | stopped]}


def machine_and(client: Client) -> Any:
    states = StateMachines(client)  # type: ignore[arg-type]
    (machine,) = states.deployed(
        machine_arns("arn:aws:lambda:us-east-1:123456789012:function:importau-governance", LAYERS, "")
    )
    return states, machine


def test_only_the_projects_state_machines_are_read_and_those_that_there_are():
    _, machine = machine_and(Client())
    assert (machine.name, machine.description) == ("StateMachine_DAG_silver", "Silver: o fato.")
    (task,) = machine.tasks
    assert (task.name, task.owner, task.attempts) == ("WriteSilver", "dados", 5)


def test_an_execution_is_told_with_what_it_is_billed_for():
    states, machine = machine_and(Client())
    (execution,) = states.executions(machine, {}, 20)
    assert (execution.transitions, execution.lambda_calls, execution.lambda_seconds) == (2, 1, 2.5)
    assert execution.rows == 42
    (row,) = executions_table(None, {machine.name: [execution]}, 2048).to_pylist()
    assert row["duracao_s"] == 4
    assert row["run_id"] == "run-1"
    assert row["custo_lambda_usd"] == Decimal("0.000083334") + Decimal("0.0000002")
    assert row["custo_step_functions_usd"] == Decimal("0.00005")
    assert row["custo_crawlers_usd"] == 0
    assert row["custo_estimado_usd"] == row["custo_lambda_usd"] + row["custo_step_functions_usd"]


def test_an_audit_publishes_no_rows_and_says_who_started_it():
    given = {"run_id": "run-1", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:layer"}
    verdict = {"run_id": "run-1", "passed": True, "tables": [{"rows": 30}]}
    history = [
        event(1, "ExecutionStarted", 0, executionStartedEventDetails={"input": json.dumps(given)}),
        *HISTORY[1:4],
        event(5, "ExecutionSucceeded", 4, executionSucceededEventDetails={"output": json.dumps(verdict)}),
    ]
    states, machine = machine_and(Client(history))
    (execution,) = states.executions(machine, {}, 20)
    assert (execution.rows, execution.started_by) == (0, "arn:layer")
    states, machine = machine_and(Client())
    assert next(states.executions(machine, {}, 20)).started_by == ""


def test_an_execution_that_crawls_is_told_with_what_its_crawlers_cost():
    crawl = {"resourceType": "aws-sdk:glue", "resource": "startCrawler"}
    history = [
        *HISTORY[:4],
        event(5, "ParallelStateEntered", 2.5, stateEnteredEventDetails={"name": "Crawl"}),
        *(event(6 + n, "TaskScheduled", 3, taskScheduledEventDetails=crawl) for n in range(3)),
        event(9, "ParallelStateSucceeded", 1802.5),
        event(10, "ParallelStateExited", 1802.5, stateExitedEventDetails={"name": "Crawl"}),
        event(11, "ExecutionSucceeded", 1803, executionSucceededEventDetails={"output": "{}"}),
    ]
    states, machine = machine_and(Client(history))
    (row,) = executions_table(None, {machine.name: list(states.executions(machine, {}, 20))}, 2048).to_pylist()
    # Half an hour of two DPUs each.
    assert (row["crawls"], row["custo_crawlers_usd"]) == (3, 3 * Decimal("0.44"))
    parts = ("custo_lambda_usd", "custo_step_functions_usd", "custo_crawlers_usd")
    assert row["custo_estimado_usd"] == sum(row[part] for part in parts)


def test_a_record_made_before_costs_were_told_apart_is_kept_as_it_is():
    states, machine = machine_and(Client())
    now = executions_table(None, {machine.name: list(states.executions(machine, {}, 20))}, 2048)
    before = now.drop_columns(
        ["run_id", "crawls", "custo_lambda_usd", "custo_step_functions_usd", "custo_crawlers_usd"]
    )
    (row,) = executions_table(before, {}, 2048).to_pylist()
    assert (row["custo_lambda_usd"], row["custo_estimado_usd"]) == (None, now["custo_estimado_usd"][0].as_py())


def test_costs_that_an_earlier_version_kept_as_doubles_stay_as_decimals():
    now = executions_table(None, {}, 2048).schema
    old = pa.schema([pa.field(f.name, pa.float64() if pa.types.is_decimal(f.type) else f.type) for f in now])
    row = dict.fromkeys(old.names) | {"execucao_arn": "a", "inicio": "2026", "custo_estimado_usd": 0.1 + 0.2}
    before = pa.Table.from_pylist([row], old).drop_columns(["run_id"])
    (kept,) = executions_table(before, {}, 2048).to_pylist()
    assert (kept["custo_estimado_usd"], kept["run_id"]) == (Decimal("0.300000000"), None)


def test_an_execution_known_to_have_ended_is_not_read_again_and_a_running_one_is():
    states, machine = machine_and(Client())
    assert list(states.executions(machine, {"arn:run-1": "SUCCEEDED"}, 20)) == []
    assert len(list(states.executions(machine, {"arn:run-1": "RUNNING"}, 20))) == 1


def test_a_running_execution_has_no_end_yet_and_is_replaced_when_it_has():
    states, machine = machine_and(Client(HISTORY[:3], "RUNNING"))
    running = executions_table(None, {machine.name: list(states.executions(machine, {}, 20))}, 1024)
    assert [running[name][0].as_py() for name in ("fim", "duracao_s", "linhas")] == [None, None, None]
    states, machine = machine_and(Client())
    ended = executions_table(running, {machine.name: list(states.executions(machine, {}, 20))}, 1024)
    assert ended["status"].to_pylist() == ["SUCCEEDED"]


def test_a_failed_lambda_counts_its_time_and_publishes_no_rows():
    history = [*HISTORY[:3], event(4, "TaskFailed", 1.5), event(5, "ExecutionFailed", 2)]
    states, machine = machine_and(Client(history, "FAILED"))
    (execution,) = states.executions(machine, {}, 20)
    assert (execution.lambda_seconds, execution.rows) == (1.5, None)


class Older(Client):
    """Step Functions with an execution that is not among the newest any more, and one that it has forgotten."""

    exceptions = SimpleNamespace(
        StateMachineDoesNotExist=Client.exceptions.StateMachineDoesNotExist,
        ExecutionDoesNotExist=type("ExecutionDoesNotExist", (Exception,), {}),
    )

    def describe_execution(self, executionArn: str) -> Any:  # noqa: N803
        if executionArn.endswith(":forgotten"):
            raise self.exceptions.ExecutionDoesNotExist
        ended = {"status": "SUCCEEDED", "startDate": START, "stopDate": START + timedelta(seconds=4)}
        return {"executionArn": executionArn, "name": "old", "input": "{}", **ended}


def test_what_ran_when_it_was_read_last_is_read_again_however_old_it_is():
    states, machine = machine_and(Older())
    arn = f"arn:aws:states:us-east-1:123456789012:execution:{machine.name}"
    known = {
        f"{arn}:old": "RUNNING",
        f"{arn}:forgotten": "RUNNING",
        f"{arn}:ended": "FAILED",
        "arn:aws:states:us-east-1:123456789012:execution:deleted:x": "RUNNING",
    }
    found = executions_of(states, [machine], known, 20)
    assert [(each.name, each.status) for each in found[machine.name]] == [("run-1", "SUCCEEDED"), ("old", "SUCCEEDED")]


def test_a_state_machine_is_a_table_whose_columns_are_its_tasks():
    _, machine = machine_and(Client())
    table = machine_table(machine, "lake")
    assert (table.database, table.name) == ("importau_governanca", "statemachine_dag_silver")
    (column,) = table.columns
    assert (column.name, column.comment) == ("writesilver", "Correlaciona")
    assert column.parameters == {
        "kind": "task",
        "name": "WriteSilver",
        "resource": "arn:aws:states:::lambda:invoke",
        "inputs": "importau_bronze.cambio",
        "outputs": "importau_silver.fato_pedido_correlacionado",
        "attempts": "5",
        "owner": "dados",
    }
    assert (table.description, table.owner) == ("Silver: o fato.", "controladoria")
    assert table.location == "s3://lake/governance/catalog/maquinas/statemachine_dag_silver/"
    assert table.parameters == {"kind": "pipeline", "name": machine.name, "arn": SILVER_ARN}


def test_a_state_machines_own_table_has_its_own_tasks_alone_a_column_each():
    _, machine = machine_and(Client())
    rows = machine_rows(machine)
    assert [(field.name, str(field.type)) for field in rows.schema] == [
        (column.name, column.type) for column in machine_table(machine, "lake").columns
    ]
    (row,) = rows.to_pylist()
    assert json.loads(row["writesilver"]) == {
        "tarefa": "WriteSilver",
        "descricao": "Correlaciona",
        "dono": "dados",
        "recurso": "arn:aws:states:::lambda:invoke",
        "entradas": ["importau_bronze.cambio"],
        "saidas": ["importau_silver.fato_pedido_correlacionado"],
        "tentativas": 5,
    }


def test_a_state_machine_its_tasks_and_its_executions_are_rows():
    states, machine = machine_and(Client())
    assert pipelines_table([machine]).to_pylist() == [
        {
            "pipeline": machine.name,
            "arn": SILVER_ARN,
            "descricao": "Silver: o fato.",
            "dono": "controladoria",
            "tarefas": 1,
        }
    ]
    assert tasks_table([machine]).to_pylist() == [
        {
            "pipeline": machine.name,
            "tarefa": "WriteSilver",
            "descricao": "Correlaciona",
            "dono": "dados",
            "recurso": "arn:aws:states:::lambda:invoke",
            "entradas": "importau_bronze.cambio",
            "saidas": "importau_silver.fato_pedido_correlacionado",
            "tentativas": 5,
        }
    ]
    (row,) = executions_table(None, {machine.name: list(states.executions(machine, {}, 20))}, 2048).to_pylist()
    assert {name: value for name, value in row.items() if not name.startswith("custo_")} == {
        "execucao_arn": "arn:run-1",
        "pipeline": machine.name,
        "execucao": "run-1",
        "run_id": "run-1",
        "status": "SUCCEEDED",
        "inicio": "2026-11-23T12:00:00+00:00",
        "fim": "2026-11-23T12:00:04+00:00",
        "duracao_s": 4.0,
        "linhas": 42,
        "transicoes": 2,
        "lambda_s": 2.5,
        "crawls": 0,
        "execucoes_filhas": 0,
        "execucoes_filhas_lidas": 0,
    }


def test_executions_are_in_the_order_in_which_they_began_whatever_was_known_before():
    schema = executions_table(None, {}, 2048).schema
    rows = [{"execucao_arn": arn, "inicio": began} for arn, began in (("b", "2"), ("a", "2"), ("c", "1"))]
    before = pa.Table.from_pylist(rows, schema)
    assert executions_table(before, {}, 2048)["execucao_arn"].to_pylist() == ["c", "a", "b"]


def test_a_table_of_governance_is_in_the_catalogue_with_its_columns_and_how_many_rows_it_has():
    table = governance_table("execucoes", "lake", 3, 900)
    assert (table.database, table.name, table.owner) == ("importau_governanca", "execucoes", "engenharia-de-dados")
    assert table.location == "s3://lake/governance/catalog/execucoes/"
    assert table.description.startswith("As execuções das máquinas de estado")
    assert table.parameters == {
        "kind": "governance", "domain": "plataforma-de-dados", "rows": "3", "bytes": "900",
    }  # fmt: skip
    types = {column.name: column.type for column in table.columns}
    assert list(types) == SCHEMAS["execucoes"].names
    assert {types[name] for name in ("linhas", "duracao_s", "status")} == {"bigint", "double", "string"}
    assert types["custo_estimado_usd"] == "decimal(18,9)"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_column_of_governances_own_tables_says_what_it_is(name: str):
    columns = governance_table(name, "lake", 0, 0).columns
    assert [column.name for column in columns] == SCHEMAS[name].names
    assert all(len(column.comment) > 10 for column in columns)


def test_several_inputs_and_outputs_of_a_task_have_commas_between_them():
    _, machine = machine_and(Client())
    task = replace(machine.tasks[0], inputs=("a.x", "b.y"), outputs=("c.z", "d.w"))
    machine = replace(machine, tasks=[task])
    (row,) = tasks_table([machine]).to_pylist()
    assert (row["entradas"], row["saidas"]) == ("a.x, b.y", "c.z, d.w")
    (column,) = machine_table(machine, "lake").columns
    assert column.parameters is not None
    assert (column.parameters["inputs"], column.parameters["outputs"]) == ("a.x, b.y", "c.z, d.w")


def test_the_governance_tables_have_their_schemas_with_and_without_rows():
    _, machine = machine_and(Client())
    for machines in ([], [machine]):
        assert pipelines_table(machines).schema == SCHEMAS["pipelines"]
        assert tasks_table(machines).schema == SCHEMAS["tarefas"]
        assert lineage_table(machines, load_all(), {}, "run", "").schema == SCHEMAS["linhagem"]
    assert executions_table(None, {}, 128).schema == SCHEMAS["execucoes"]


def test_declared_lineage_is_a_job_event_a_task_and_table_and_a_row_a_pair():
    _, machine = machine_and(Client())
    events = job_events([machine], Place("us-east-1", "123456789012", "lake"), START)
    assert list(events) == [machine.name, "StateMachine_DAG_silver.WriteSilver.fato_pedido_correlacionado"]
    itself, event = events.values()
    assert (itself.inputs, itself.outputs, itself.job.facets["jobType"].jobType) == ([], [], "STATE_MACHINE")
    assert event.job.name == "StateMachine_DAG_silver.WriteSilver.fato_pedido_correlacionado"
    assert event.job.namespace == "arn:aws:states:us-east-1:123456789012"
    assert [dataset.name for dataset in event.inputs or ()] == ["table/importau_bronze/cambio"]
    assert [dataset.name for dataset in event.outputs or ()] == ["table/importau_silver/fato_pedido_correlacionado"]
    facets: Any = event.job.facets
    assert facets["documentation"].description == "Correlaciona"
    assert [(owner.name, owner.type) for owner in facets["ownership"].owners] == [("dados", "OWNER")]
    kind = facets["jobType"]
    assert (kind.processingType, kind.integration, kind.jobType) == ("BATCH", "STEP_FUNCTIONS", "TASK")
    nowhere = {"coluna_origem": None, "coluna_destino": None, "run_id": "run"}
    assert lineage_table([machine], [], {}, "run", "").to_pylist() == [
        {
            "tipo": "declarada",
            "origem": "importau_bronze.cambio",
            "destino": "importau_silver.fato_pedido_correlacionado",
            "pipeline": machine.name,
            "tarefa": "WriteSilver",
        }
        | nowhere
    ]


def test_observed_lineage_is_a_row_an_edge_and_that_of_columns_one_a_source():
    seen = {("m", "t"): Observed({"b", "a"}, {"d", "c"}, {Edge("b", "d"), Edge("a", "c")})}
    rows = lineage_table([], [], seen, "run", "").to_pylist()
    assert [(row["origem"], row["destino"]) for row in rows] == [("a", "c"), ("b", "d")]
    assert {(row["tipo"], row["pipeline"], row["tarefa"]) for row in rows} == {("observada", "m", "t")}
    contract = load("agregado_fluxo_de_caixa_mensal")
    rows = lineage_table([], [contract], {}, "run", "").to_pylist()
    assert len(rows) == sum(len(column.sources) for column in contract.columns)
    paid = [row for row in rows if row["coluna_destino"] == "saida_paga_brl"]
    assert {f"{row['origem']}.{row['coluna_origem']}" for row in paid} == set(contract.column("saida_paga_brl").sources)
    assert {(row["tipo"], row["destino"], row["pipeline"], row["tarefa"]) for row in paid} == {
        ("coluna", "importau_gold.agregado_fluxo_de_caixa_mensal", None, None)
    }
