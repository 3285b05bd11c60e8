"""The Step Functions connector: state machines become entries of the catalogue, and tables that Athena can query."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from lakehouse.contract.owners import PLATFORM, owners
from lakehouse.lake import layout
from lakehouse.lake.catalogue import GlueColumn, GlueTable
from lakehouse.orchestration import costs
from lakehouse.orchestration.stepfunctions import Execution, StateMachine

# What the entry of a state machine says that it is.
PIPELINE_KIND: Final = "pipeline"
_USD: Final = pa.decimal128(18, 9)
SCHEMAS: Final = {
    "pipelines": pa.schema(
        {
            "pipeline": pa.string(),
            "arn": pa.string(),
            "descricao": pa.string(),
            "dono": pa.string(),
            "tarefas": pa.int64(),
        }
    ),
    "tarefas": pa.schema(
        {
            "pipeline": pa.string(),
            "tarefa": pa.string(),
            "descricao": pa.string(),
            "dono": pa.string(),
            "recurso": pa.string(),
            "entradas": pa.string(),
            "saidas": pa.string(),
            "tentativas": pa.int64(),
        }
    ),
    "linhagem": pa.schema(
        {
            "tipo": pa.string(),
            "origem": pa.string(),
            "coluna_origem": pa.string(),
            "destino": pa.string(),
            "coluna_destino": pa.string(),
            "pipeline": pa.string(),
            "tarefa": pa.string(),
            "run_id": pa.string(),
        }
    ),
    "execucoes": pa.schema(
        {
            "execucao_arn": pa.string(),
            "pipeline": pa.string(),
            "execucao": pa.string(),
            "run_id": pa.string(),
            "status": pa.string(),
            "inicio": pa.string(),
            "fim": pa.string(),
            "duracao_s": pa.float64(),
            "linhas": pa.int64(),
            "transicoes": pa.int64(),
            "lambda_s": pa.float64(),
            "crawls": pa.int64(),
            "execucoes_filhas": pa.int64(),
            "execucoes_filhas_lidas": pa.int64(),
            "custo_lambda_usd": _USD,
            "custo_step_functions_usd": _USD,
            "custo_crawlers_usd": _USD,
            "custo_estimado_usd": _USD,
        }
    ),
}
DESCRIPTIONS: Final = {
    "pipelines": "As máquinas de estado do projeto, lidas do Step Functions.",
    "tarefas": "As tarefas de cada máquina de estado, com o que seus comentários declaram.",
    "linhagem": "De onde vem cada tabela e coluna: declarado nas tarefas e contratos, e observado nas execuções.",
    "execucoes": "As execuções das máquinas de estado, com duração, linhas publicadas e custo, com as filhas.",
}
_COMMENTS: Final = {
    "pipelines": {
        "pipeline": "Nome da máquina de estado.",
        "arn": "Seu ARN na conta.",
        "descricao": "O que ela faz, como diz o comentário de sua definição.",
        "dono": "Quem responde por ela.",
        "tarefas": "Quantas tarefas ela tem.",
    },
    "tarefas": {
        "pipeline": "Máquina de estado da tarefa.",
        "tarefa": "Nome do estado.",
        "descricao": "O que a tarefa faz, como diz seu comentário.",
        "dono": "Quem responde por ela (OWNER do comentário).",
        "recurso": "O que ela chama: o Resource do estado.",
        "entradas": "As tabelas que declara ler (INPUTS), separadas por vírgula.",
        "saidas": "As tabelas que declara gravar (OUTPUT), separadas por vírgula.",
        "tentativas": "Quantas vezes se repete, no máximo.",
    },
    "linhagem": {
        "tipo": "declarada (por uma tarefa), observada (numa execução) ou coluna (por um contrato).",
        "origem": "Tabela de onde vem, banco.tabela; landing.tabela é um CSV exportado.",
        "coluna_origem": "Coluna de onde vem; vazia entre tabelas.",
        "destino": "Tabela que se faz dela.",
        "coluna_destino": "Coluna que se faz dela; vazia entre tabelas.",
        "pipeline": "Máquina de estado que o declara ou fez; vazia entre colunas.",
        "tarefa": "Tarefa que o declara ou fez; vazia entre colunas.",
        "run_id": "Execução em que a governança o registrou.",
    },
    "execucoes": {
        "execucao_arn": "ARN da execução.",
        "pipeline": "Máquina de estado que foi executada.",
        "execucao": "Nome da execução.",
        "run_id": "Execução a que pertence: a que a iniciou, ou ela mesma.",
        "status": "RUNNING, SUCCEEDED, FAILED, TIMED_OUT ou ABORTED, quando foi lida por último.",
        "inicio": "Quando começou, ISO 8601 em UTC.",
        "fim": "Quando terminou, ISO 8601 em UTC; vazio enquanto corre.",
        "duracao_s": "Quanto durou, em segundos; vazio enquanto corre.",
        "linhas": "Linhas das tabelas que publicou; vazio se não publicou.",
        "transicoes": "Estados em que entrou, que é o que o Step Functions cobra.",
        "lambda_s": "Quanto suas Lambdas correram, em segundos.",
        "crawls": "Crawlers que iniciou.",
        "execucoes_filhas": "Execuções filhas de seus Distributed Maps.",
        "execucoes_filhas_lidas": "De quantas delas o histórico foi lido; o custo das outras é estimado por estas.",
        "custo_lambda_usd": "Custo estimado das Lambdas, em USD, a preço de tabela.",
        "custo_step_functions_usd": "Custo estimado do Step Functions, em USD, a preço de tabela.",
        "custo_crawlers_usd": "Custo estimado dos crawlers, em USD, a preço de tabela.",
        "custo_estimado_usd": "Soma dos três custos, em USD.",
    },
}
_COSTS: Final[dict[str, tuple[costs.What, ...]]] = {
    "custo_lambda_usd": ("lambda", "lambda_requests"),
    "custo_step_functions_usd": ("transitions",),
    "custo_crawlers_usd": ("crawlers",),
}
_GLUE_TYPES: Final = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double", _USD: "decimal(18,9)"}


def machine_table(machine: StateMachine, bucket: str) -> GlueTable:
    """Return a state machine's entry of the catalogue, with its tasks as the columns; `machine_rows` is its content."""
    return GlueTable(
        database=layout.GOVERNANCE_DATABASE,
        name=machine.name.lower(),
        description=machine.description,
        owner=machine.owner,
        location=f"s3://{bucket}/{layout.machine_prefix(machine.name)}",
        columns=[
            GlueColumn(
                task.name.lower(),
                "string",
                task.description,
                {
                    "kind": "task",
                    "name": task.name,
                    "resource": task.resource,
                    "inputs": ", ".join(task.inputs),
                    "outputs": ", ".join(task.outputs),
                    "attempts": str(task.attempts),
                    "owner": task.owner,
                },
            )
            for task in machine.tasks
        ],
        parameters={"kind": PIPELINE_KIND, "name": machine.name, "arn": machine.arn},
    )


def machine_rows(machine: StateMachine) -> pa.Table:
    """Return a state machine as a table: a column a task, and in its one row what the task is, as JSON."""
    columns = {
        task.name.lower(): json.dumps(
            {
                "tarefa": task.name,
                "descricao": task.description,
                "dono": task.owner,
                "recurso": task.resource,
                "entradas": list(task.inputs),
                "saidas": list(task.outputs),
                "tentativas": task.attempts,
            },
            ensure_ascii=False,
        )
        for task in machine.tasks
    }
    return pa.table({name: pa.array([text], pa.string()) for name, text in columns.items()})


def governance_table(name: str, bucket: str, rows: int, size: int) -> GlueTable:
    """Return the catalogue's entry of one of the tables in `SCHEMAS`.

    Parameters
    ----------
    name, bucket : str
    rows, size : int
        How many rows its file has, and how many bytes.
    """
    return GlueTable(
        database=layout.GOVERNANCE_DATABASE,
        name=name,
        description=DESCRIPTIONS[name],
        owner=owners().of_domain[PLATFORM],
        location=f"s3://{bucket}/{layout.governance_prefix(name)}",
        columns=[
            GlueColumn(field.name, _GLUE_TYPES[field.type], _COMMENTS[name][field.name]) for field in SCHEMAS[name]
        ],
        parameters={"kind": "governance", "domain": PLATFORM, "rows": str(rows), "bytes": str(size)},
    )


def pipelines_table(machines: Iterable[StateMachine]) -> pa.Table:
    """Return the table ``pipelines``."""
    rows = [
        {"pipeline": m.name, "arn": m.arn, "descricao": m.description, "dono": m.owner, "tarefas": len(m.tasks)}
        for m in machines
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["pipelines"])


def tasks_table(machines: Iterable[StateMachine]) -> pa.Table:
    """Return the table ``tarefas``."""
    rows = [
        {
            "pipeline": machine.name,
            "tarefa": task.name,
            "descricao": task.description,
            "dono": task.owner,
            "recurso": task.resource,
            "entradas": ", ".join(task.inputs),
            "saidas": ", ".join(task.outputs),
            "tentativas": task.attempts,
        }
        for machine in machines
        for task in machine.tasks
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["tarefas"])


def executions_table(
    before: pa.Table | None, executions: Mapping[str, Sequence[Execution]], memory_mb: int
) -> pa.Table:
    """Return the table ``execucoes``: the executions recorded before, updated with and extended by those read now.

    Parameters
    ----------
    before : pa.Table or None
        The table of the last run; None in the first one.
    executions : mapping of str to sequence of Execution
        The executions read now, by the name of their state machine.
    memory_mb : int
        The memory of each Lambda.
    """
    rows = {row["execucao_arn"]: row for row in (_upgraded(before).to_pylist() if before is not None else ())}
    for pipeline, its_executions in executions.items():
        for execution in its_executions:
            rows[execution.arn] = _execution_row(pipeline, execution, memory_mb)
    ordered = sorted(rows.values(), key=lambda row: (row["inicio"], row["execucao_arn"]))
    return pa.Table.from_pylist(ordered, SCHEMAS["execucoes"])


def _upgraded(before: pa.Table) -> pa.Table:
    """Return rows that an earlier version wrote, with today's types: its costs were doubles."""
    schema = SCHEMAS["execucoes"]
    names = [name for name in schema.names if name in before.column_names]
    return pa.table([before[name].cast(schema.field(name).type) for name in names], names)


def _execution_row(pipeline: str, execution: Execution, memory_mb: int) -> dict[str, Any]:
    stopped: datetime | None = execution.stopped
    return {
        "execucao_arn": execution.arn,
        "pipeline": pipeline,
        "execucao": execution.name,
        "run_id": execution.run_id,
        "status": execution.status,
        "inicio": execution.started.isoformat(),
        "fim": stopped.isoformat() if stopped else None,
        "duracao_s": (stopped - execution.started).total_seconds() if stopped else None,
        "linhas": execution.rows,
        "transicoes": execution.transitions,
        "lambda_s": execution.lambda_seconds,
        "crawls": execution.crawls,
        "execucoes_filhas": sum(total.run.items for total in execution.map_runs),
        "execucoes_filhas_lidas": sum(total.read for total in execution.map_runs),
        **_costs(execution, memory_mb),
    }


def _costs(execution: Execution, memory_mb: int) -> dict[str, Decimal]:
    """Estimate what an execution has cost so far, in USD, without the executions that it started."""
    lines = costs.work(
        execution.lambda_seconds,
        memory_mb,
        execution.lambda_calls,
        execution.transitions,
        execution.crawls,
        execution.crawl_seconds,
    )
    return {name: costs.total(line for line in lines if line.what in items) for name, items in _COSTS.items()} | {
        "custo_estimado_usd": costs.total(lines)
    }
