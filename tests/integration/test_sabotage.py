"""What somebody does behind the project's back: `./importau verify` names it, with both values, and fails.

One lake is made as the pipeline makes it, and is what it was again before each case.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from handlers import AUDIT, WRITE, called, context, opens, origin, publishes
from lakehouse_tables import FACT
from machines import MACHINES, make_all, rendered
from round_trips import counted
from sam_template import ROLE
from simulated_aws import make_databases, simulated_lake
from small_lake import deploy
from typer.testing import CliRunner

from cli.commands import verify as command
from cli.contents.undeclared import is_declared
from cli.main import app
from cli.session import Aws
from governance.app import handler as governs
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake

pytestmark = pytest.mark.once

BUCKET, RUN = "lake", "20261130T120000Z-abcdef"
SYNTHETIC = {"type": "synthetic", "orders": 40, "seed": 3}
GOVERNANCE = layout.GOVERNANCE_DATABASE
REPORT = layout.governance_report_key(RUN)
_INPUT = ("Name", "Description", "Owner", "TableType", "PartitionKeys", "Parameters", "StorageDescriptor",
          "ViewOriginalText", "ViewExpandedText", "Retention")  # fmt: skip


@dataclass
class Lakehouse:
    """The lakehouse that is sabotaged, and how each case does it."""

    aws: Aws
    lake: Lake
    # What a case has to take back itself: it is none of what `State` restores.
    undo: Callable[[], Any] | None = None

    @property
    def glue(self) -> Any:
        return self.aws.client("glue")

    def entry(self, change: Callable[[dict[str, Any]], Any], table: str = FACT, database: str = "importau_silver"):
        """Change an entry of the catalogue, as anybody with the right can."""
        found = self.glue.get_table(DatabaseName=database, Name=table)["Table"]
        wanted = {name: found[name] for name in _INPUT if name in found}
        change(wanted)
        self.glue.update_table(DatabaseName=database, TableInput=wanted)

    def parameter(self, name: str, value: str | None, table: str = FACT, database: str = "importau_silver") -> None:
        def change(entry: dict[str, Any]) -> None:
            entry["Parameters"] |= {name: value}
            if value is None:
                del entry["Parameters"][name]

        self.entry(change, table, database)

    def column(self, name: str, table: str = FACT, database: str = "importau_silver", **change: Any) -> None:
        def changed(entry: dict[str, Any]) -> None:
            (column,) = [each for each in entry["StorageDescriptor"]["Columns"] if each["Name"] == name]
            column.update(change)

        self.entry(changed, table, database)

    def storage(self, change: Callable[[dict[str, Any]], Any]) -> None:
        self.entry(lambda entry: change(entry["StorageDescriptor"]))

    def json(self, key: str, change: Callable[[Any], Any]) -> None:
        """Change an object that is JSON."""
        content = self.lake.read_json(key)
        change(content)
        self.lake.write_json(content, key)

    def put(self, key: str, content: str = "x") -> None:
        self.lake.write_bytes(content.encode(), key)

    def delete(self, key: str) -> None:
        self.lake.client.delete_object(Bucket=BUCKET, Key=key)

    def event(self, job: str, phase: str = layout.COMPLETE) -> str:
        """Return the key of an event of a job."""
        events = [(key, layout.event_of_key(key)) for key in self.lake.list(layout.lineage_prefix(RUN))]
        return next(key for key, event in events if event and event.job.startswith(job) and event.phase == phase)

    def definition(self, machine: str, old: str, new: str) -> None:
        """Change the definition of a state machine."""
        arn = self.aws.state_machine(machine)
        text = self.aws.states.describe_state_machine(stateMachineArn=arn)["definition"]
        assert old in text
        self.aws.states.update_state_machine(stateMachineArn=arn, definition=text.replace(old, new))

    def verify(self) -> tuple[int, dict[str, Any]]:
        """Return the exit code, and the checks by their names."""
        ran = CliRunner().invoke(app, ["verify", "--json"])
        return ran.exit_code, {check["id"]: check for check in json.loads(ran.stdout)}

    def wrong(self) -> dict[str, str]:
        return {name: check["detail"] for name, check in self.verify()[1].items() if not check["passed"]}


def outputs(aws: Aws) -> dict[str, str]:
    """Return what the stack says of its state machines."""
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_"
    return {f"StateMachine{name.title().replace('_', '')}Arn": f"{arn}{name}" for name in MACHINES}


@pytest.fixture(scope="module")
def made() -> Iterator[Lakehouse]:
    """Make the lakehouse as the pipeline does: every layer, governance, and a version."""
    with simulated_lake(BUCKET) as lake, pytest.MonkeyPatch.context() as patch:
        make_databases(GOVERNANCE, layout.DISCOVERED_DATABASE)
        make_all(boto3.client("stepfunctions"))
        opens(RUN, source=SYNTHETIC)
        for layer in layout.LAYERS:
            task = layer.capitalize()
            staged = called(WRITE[layer], RUN, layer=layer, source=SYNTHETIC, origin=origin(layer, f"Write{task}"))
            told = {"tables": staged["tables"], "origin": origin(layer, f"Audit{task}")}
            assert called(AUDIT[layer], RUN, layer=layer, **told)["passed"]
        governed = governs({"run_id": RUN, "source": SYNTHETIC}, context())
        assert governed["passed"], governed["cause"]
        publishes(RUN)
        aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
        deploy(aws, **outputs(aws))
        patch.setattr(command, "connect", lambda *_: aws)
        # The catalogue's own search is none of moto's.
        patch.setattr(Catalog, "searched", Catalog.tables)
        yield Lakehouse(aws, lake)


class State:
    """What a lakehouse is, to be made so again."""

    def __init__(self, lakehouse: Lakehouse) -> None:
        self.of = lakehouse
        self.objects = {each.key: each.etag for each in lakehouse.lake.objects("")}
        self.content = {key: lakehouse.lake.read_bytes(key) for key in self.objects}
        self.tables = self._tables()
        self.machines = self._machines()

    def _tables(self) -> dict[tuple[str, str], Any]:
        databases = [each["Name"] for each in self.of.glue.get_databases()["DatabaseList"]]
        return {
            (database, table["Name"]): {name: table[name] for name in _INPUT if name in table}
            for database in databases
            for table in self.of.glue.get_tables(DatabaseName=database)["TableList"]
        }

    def _machines(self) -> dict[str, str]:
        states = self.of.aws.states
        arns = [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]]
        return {arn: states.describe_state_machine(stateMachineArn=arn)["definition"] for arn in arns}

    def restore(self) -> None:
        now = {each.key: each.etag for each in self.of.lake.objects("")}
        for key in now.keys() - self.objects.keys():
            self.of.delete(key)
        for key, etag in self.objects.items():
            if now.get(key) != etag:
                self.of.lake.write_bytes(self.content[key], key)
        tables = self._tables()
        for database, name in tables.keys() - self.tables.keys():
            self.of.glue.delete_table(DatabaseName=database, Name=name)
        for (database, name), entry in self.tables.items():
            if tables.get((database, name)) != entry:
                how = self.of.glue.update_table if (database, name) in tables else self.of.glue.create_table
                how(DatabaseName=database, TableInput=entry)
        machines = self._machines()
        for arn in machines.keys() - self.machines.keys():
            self.of.aws.states.delete_state_machine(stateMachineArn=arn)
        for arn, definition in self.machines.items():
            if arn not in machines:
                self.of.aws.states.create_state_machine(
                    name=arn.rpartition(":")[2], definition=definition, roleArn=ROLE
                )
            elif machines[arn] != definition:
                self.of.aws.states.update_state_machine(stateMachineArn=arn, definition=definition)


@pytest.fixture(scope="module")
def state(made: Lakehouse) -> State:
    return State(made)


@pytest.fixture
def lakehouse(made: Lakehouse, state: State) -> Iterator[Lakehouse]:
    yield made
    if made.undo is not None:
        made.undo()
        made.undo = None
    state.restore()


def test_what_nobody_touched_is_in_order_and_what_was_not_checked_is_said(lakehouse: Lakehouse) -> None:
    assert lakehouse.wrong() == {}
    code, checks = lakehouse.verify()
    assert code == 0
    assert checks["undeclared"]["unchecked"] == ["what lies under athena-results/ and artifacts/"]


def test_a_machine_of_another_stage_calls_tables_as_every_stage_does_and_reads_none(lakehouse: Lakehouse) -> None:
    comment = f"Agrega | OWNER: controladoria | INPUTS: {WHERE} | OUTPUT: importau_gold.x"
    state = {"Type": "Pass", "Comment": comment, "End": True}
    definition = json.dumps({"Comment": f"A Gold de {WHERE}", "StartAt": "Agrega", "States": {"Agrega": state}})
    lakehouse.aws.states.create_state_machine(name="StateMachine_DAG_gold_hom", definition=definition, roleArn=ROLE)
    code, checks = lakehouse.verify()
    assert (code, checks["undeclared"]["passed"]) == (0, True)


def test_it_waits_for_so_few_answers_that_it_takes_two_seconds(lakehouse: Lakehouse) -> None:
    with counted() as trips:
        assert lakehouse.verify()[0] == 0
    # One after the other, of 25 ms each where AWS is near: 23 of them, 0.6 s.
    assert trips.now <= 24
    assert sum(trips.requests.values()) <= 105


# ---- every case: what is done, by which check it is found, and what is said of it: path, expected and found ----------

Sabotage = Callable[[Lakehouse], Any]
CASES: list[tuple[str, Sabotage, str, tuple[str, ...]]] = []


def case(check: str, *said: str) -> Callable[[Sabotage], Sabotage]:
    """Add a case: the check that has to fail, and the texts that its message has to have."""

    def add(sabotage: Sabotage) -> Sabotage:
        CASES.append((sabotage.__name__, sabotage, check, said))
        return sabotage

    return add


WHERE = f"importau_silver.{FACT}"


@case("catalogue", f"{WHERE}.Description: expected 'O fato: uma linha por compromisso", "found 'Uma tabela.'")
def a_tables_description(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.update(Description="Uma tabela."))


@case("catalogue", f"{WHERE}.Description: expected 'O fato", "found (ausente)")
def a_tables_description_is_removed(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.pop("Description"))


@case("catalogue", f"{WHERE}.Owner: expected 'controladoria', found 'ninguem'")
def a_tables_owner(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.update(Owner="ninguem"))


@case("catalogue", f"{WHERE}.Owner: expected 'controladoria', found (ausente)")
def a_tables_owner_is_removed(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.pop("Owner"))


@case("catalogue", f"{WHERE}.TableType: expected 'EXTERNAL_TABLE', found 'MANAGED_TABLE'")
def a_tables_type(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.update(TableType="MANAGED_TABLE"))


@case("catalogue", f"{WHERE}.PartitionKeys: expected (ausente)", '[{"Name": "ano", "Type": "string"}]')
def a_partition_key_is_added(at: Lakehouse) -> None:
    at.entry(lambda entry: entry.update(PartitionKeys=[{"Name": "ano", "Type": "string"}]))


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns.moeda_origem.Comment: expected '", "found 'x'")
def a_columns_comment(at: Lakehouse) -> None:
    at.column("moeda_origem", Comment="x")


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns.moeda_origem.Comment: expected '", "found (ausente)")
def a_columns_comment_is_removed(at: Lakehouse) -> None:
    at.column("moeda_origem", Comment="")


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns.valor_moeda_origem.Type: expected 'decimal(", "found 'double'")
def a_columns_type(at: Lakehouse) -> None:
    at.column("valor_moeda_origem", Type="double")


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns.moeda_origem", "found (ausente)", ".moeda", "expected (ausente)")
def a_columns_name(at: Lakehouse) -> None:
    at.column("moeda_origem", Name="moeda")


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns (order): expected")
def two_columns_change_places(at: Lakehouse) -> None:
    at.storage(lambda storage: storage["Columns"].insert(0, storage["Columns"].pop()))


@case("catalogue", f"{WHERE}.StorageDescriptor.Columns.extra: expected (ausente), found")
def a_column_is_added(at: Lakehouse) -> None:
    at.storage(lambda storage: storage["Columns"].append({"Name": "extra", "Type": "string"}))


@case(
    "catalogue",
    "importau_bronze.fornecedores.StorageDescriptor.Columns.contato_email.Parameters.classification: "
    "expected 'PII', found 'public'",
)
def the_classification_of_a_column(at: Lakehouse) -> None:
    at.column("contato_email", "fornecedores", "importau_bronze", Parameters={"classification": "public"})


@case(
    "catalogue",
    "importau_bronze.fornecedores.Parameters.classification_pii: expected 'contato_email, telefone', found 'telefone'",
)
def the_personal_data_of_a_table(at: Lakehouse) -> None:
    at.parameter("classification_pii", "telefone", "fornecedores", "importau_bronze")


@case(
    "catalogue",
    "importau_bronze.cambio.StorageDescriptor.Columns.moeda.Parameters.classification: expected (ausente), found 'PII'",
)
def a_classification_is_added(at: Lakehouse) -> None:
    at.column("moeda", "cambio", "importau_bronze", Parameters={"classification": "PII"})


@case("catalogue", f"{WHERE}.Parameters.tags: expected 'Core Domain, Financeiro, Fato, Risco Cambial', found 'Fato'")
def the_tags_of_a_table(at: Lakehouse) -> None:
    at.parameter("tags", "Fato")


@case("catalogue", f"{WHERE}.Parameters.domain: expected 'controladoria', found 'vendas'")
def the_domain_of_a_table(at: Lakehouse) -> None:
    at.parameter("domain", "vendas")


@case("catalogue", f"{WHERE}.Parameters.rows: expected '", "found '0'")
def the_rows_of_a_table(at: Lakehouse) -> None:
    at.parameter("rows", "0")


@case("catalogue", f"{WHERE}.Parameters.bytes: expected '", "found '1'")
def the_bytes_of_a_table(at: Lakehouse) -> None:
    at.parameter("bytes", "1")


@case("catalogue", f"{WHERE}.Parameters.freshness_hours: expected '24', found '2400'")
def the_freshness_that_is_promised(at: Lakehouse) -> None:
    at.parameter("freshness_hours", "2400")


@case("catalogue", f"{WHERE}.Parameters.updated_at: expected '", "found '2031-01-01T00:00:00+00:00'")
def when_a_table_was_written(at: Lakehouse) -> None:
    at.parameter("updated_at", "2031-01-01T00:00:00+00:00")


@case("catalogue", f"{WHERE}.Parameters.contract_version: expected '{load(FACT).version}', found '9.0.0'")
def the_version_of_a_contract(at: Lakehouse) -> None:
    at.parameter("contract_version", "9.0.0")


@case("catalogue", f"{WHERE}.Parameters.run_id: expected '{RUN}', found (ausente)")
def the_run_of_a_table_is_removed(at: Lakehouse) -> None:
    at.parameter("run_id", None)


@case("catalogue", f"{FACT} lags: it shows version none, and the newest is 1")
def the_version_of_a_table_is_removed(at: Lakehouse) -> None:
    at.parameter("lake_version", None)


@case("catalogue", f"{WHERE}.Parameters.projection.enabled: expected (ausente), found 'true'")
def a_parameter_that_changes_what_is_read(at: Lakehouse) -> None:
    at.parameter("projection.enabled", "true")


@case("catalogue", f"{WHERE}.StorageDescriptor.Location: expected 's3://lake/silver/", "found 's3://elsewhere/'")
def the_location_of_a_table(at: Lakehouse) -> None:
    at.storage(lambda storage: storage.update(Location="s3://elsewhere/"))


@case("catalogue", f"{WHERE}.StorageDescriptor.InputFormat: expected '", "MapredParquetInputFormat'", "found 'Text'")
def the_format_of_a_table(at: Lakehouse) -> None:
    at.storage(lambda storage: storage.update(InputFormat="Text"))


@case("catalogue", f"{WHERE}.StorageDescriptor.SerdeInfo.SerializationLibrary: expected '", "found 'LazySimpleSerDe'")
def the_serde_of_a_table(at: Lakehouse) -> None:
    at.storage(lambda storage: storage["SerdeInfo"].update(SerializationLibrary="LazySimpleSerDe"))


@case("catalogue", f"{WHERE} is missing")
def a_table_is_dropped(at: Lakehouse) -> None:
    at.glue.delete_table(DatabaseName="importau_silver", Name=FACT)


# ---- governance's own database ---------------------------------------------------------------------------------------


@case("governance", f"{GOVERNANCE}.execucoes.StorageDescriptor.Columns.linhas.Comment: expected 'Linhas das tabelas")
def the_comment_of_governances_own_column(at: Lakehouse) -> None:
    at.column("linhas", "execucoes", GOVERNANCE, Comment="")


@case("governance", f"{GOVERNANCE}.linhagem.Parameters.rows: expected '", "found '0'")
def the_rows_of_governances_own_table(at: Lakehouse) -> None:
    at.parameter("rows", "0", "linhagem", GOVERNANCE)


@case("governance", f"{GOVERNANCE}.statemachine_dag_silver.StorageDescriptor.Columns.writesilver.Parameters.owner")
def the_owner_of_a_task_in_the_catalogue(at: Lakehouse) -> None:
    at.column("writesilver", "statemachine_dag_silver", GOVERNANCE, Parameters={"kind": "task", "owner": "eu"})


@case("governance", f"{GOVERNANCE}.tarefas: expected 'an entry of the catalogue', found (ausente)")
def a_table_of_governances_own_is_dropped(at: Lakehouse) -> None:
    at.glue.delete_table(DatabaseName=GOVERNANCE, Name="tarefas")


@case("governance", f"{GOVERNANCE}.intruso: nobody knows this table")
def a_table_is_added_to_governances_own(at: Lakehouse) -> None:
    at.glue.create_table(DatabaseName=GOVERNANCE, TableInput={"Name": "intruso"})


@case("tags", "database/importau_gold.project: expected 'importau', found 'outro'")
def the_tag_of_a_database(at: Lakehouse) -> None:
    arn = "arn:aws:glue:us-east-1:123456789012:database/importau_gold"
    at.glue.tag_resource(ResourceArn=arn, TagsToAdd={"project": "outro"})
    at.undo = lambda: at.glue.tag_resource(ResourceArn=arn, TagsToAdd={"project": "importau"})


# ---- state machines --------------------------------------------------------------------------------------------------


@case("definitions", "StateMachine_DAG_silver.States.WriteSilver.Comment: governance examined '", "deployed is '")
def a_tasks_description(at: Lakehouse) -> None:
    at.definition("silver", "Correlaciona as tabelas", "Copia as tabelas")


@case("owners", "StateMachine_DAG_silver.WriteSilver: falta o dono (OWNER do comentário); por seu domínio é controlad")
def a_tasks_owner_is_removed(at: Lakehouse) -> None:
    definition = json.loads(rendered("silver"))
    comment = definition["States"]["WriteSilver"]["Comment"]
    definition["States"]["WriteSilver"]["Comment"] = comment.replace("OWNER: controladoria | ", "")
    arn = at.aws.state_machine("silver")
    at.aws.states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))


@case("owners", "StateMachine_DAG_gold: ninguém conhece o dono fulano; por seu domínio é controladoria")
def a_machines_owner_is_unknown(at: Lakehouse) -> None:
    at.definition("gold", '(ML). | OWNER: controladoria",\n  "StartAt"', '(ML). | OWNER: fulano",\n  "StartAt"')


@case("definitions", "StateMachine_DAG_pipeline.States.Copia: governance examined (ausente), deployed is")
def a_task_is_added(at: Lakehouse) -> None:
    added = '"States": {\n    "Copia": {"Type": "Pass", "End": true},'
    at.definition("pipeline", '"States": {', added)


@case("definitions", "StateMachine_DAG_gold: governance examined", "deployed is (ausente)")
def a_machine_is_deleted(at: Lakehouse) -> None:
    at.aws.states.delete_state_machine(stateMachineArn=at.aws.state_machine("gold"))


# ---- reports, events and records -------------------------------------------------------------------------------------


@case("evidence", f"{REPORT} was changed after the version was published")
def the_report_of_governance(at: Lakehouse) -> None:
    at.json(REPORT, lambda report: report.update(passed=True, problems=[], findings=["nenhum"]))


@case("evidence", f"{REPORT} is gone")
def the_report_of_governance_is_deleted(at: Lakehouse) -> None:
    at.delete(REPORT)


@case("evidence", "governance/catalog/report/forjado.json was forged: the pipeline has no execution forjado")
def a_report_of_governance_is_forged(at: Lakehouse) -> None:
    report = dict(at.lake.read_json(REPORT)) | {"run_id": "forjado", "evaluated_at": "2999-01-01T00:00:00+00:00"}
    at.lake.write_json(report, layout.governance_report_key("forjado"))


@case("evidence", "StateMachine_DAG_silver.WriteSilver", f"is gone: {REPORT} names it")
def an_event_is_deleted(at: Lakehouse) -> None:
    at.delete(at.event("StateMachine_DAG_silver.WriteSilver"))


@case("evidence", "StateMachine_DAG_gold.WriteGold", "was changed:", "expected the ETag", "found")
def an_event_is_changed(at: Lakehouse) -> None:
    at.json(at.event("StateMachine_DAG_gold.WriteGold"), lambda event: event["inputs"].clear())


@case("evidence", "StateMachine_DAG_gold.WriteGold.outra", "was added:", "does not name it")
def an_event_is_forged(at: Lakehouse) -> None:
    key = at.event("StateMachine_DAG_gold.WriteGold")
    forged = layout.run_event_key(RUN, "StateMachine_DAG_gold.WriteGold.outra", "0c1d", layout.COMPLETE)
    at.lake.write_bytes(at.lake.read_bytes(key), forged)


@case("evidence", "governance/catalog/linhagem/linhagem.parquet was changed")
def the_lineage_that_governance_tells_of(at: Lakehouse) -> None:
    key = layout.governance_table_key("linhagem")
    at.lake.write_table(at.lake.read_table(key).slice(1), key)


@case("evidence", "governance/catalog/registered.json was changed")
def what_governance_registered(at: Lakehouse) -> None:
    at.json(layout.REGISTERED_KEY, lambda kept: kept["definitions"].pop("StateMachine_DAG_gold"))


@case("quality", layout.quality_key(RUN, layout.SILVER), "was changed after the version was published")
def the_report_of_an_audit(at: Lakehouse) -> None:
    at.json(layout.quality_key(RUN, layout.SILVER), lambda report: report["tables"][0]["rules"].pop())


@case("quality", layout.quality_key(RUN, layout.GOLD), "is gone")
def the_report_of_an_audit_is_deleted(at: Lakehouse) -> None:
    at.delete(layout.quality_key(RUN, layout.GOLD))


@case("catalogue", "importau_bronze.cambio.Parameters.lake_version_sha256: expected '", "found '")
def the_version_itself(at: Lakehouse) -> None:
    at.json(layout.version_key(1), lambda version: version["made"].update(execution="outra"))


@case("versions", f"{layout.decision_key(RUN)} says otherwise than version 1: decision: expected 'publish', found")
def the_decision_of_a_run(at: Lakehouse) -> None:
    at.json(layout.decision_key(RUN), lambda decision: decision.update(decision="discard", version=0))


@case("versions", f"{layout.opening_key(RUN)} says otherwise than version 1: source.orders: expected 40, found 41")
def the_opening_of_a_run(at: Lakehouse) -> None:
    at.json(layout.opening_key(RUN), lambda opening: opening["source"].update(orders=41))


# ---- data ------------------------------------------------------------------------------------------------------------


@case("files", f"{layout.run_key(FACT, RUN)} was changed or replaced")
def a_file_is_replaced(at: Lakehouse) -> None:
    at.lake.write_table(at.lake.read_table(layout.run_key(FACT, RUN)).slice(1), layout.run_key(FACT, RUN))


@case("files", f"{layout.run_key('cambio', RUN)} is gone")
def a_file_is_deleted(at: Lakehouse) -> None:
    at.delete(layout.run_key("cambio", RUN))


@case("undeclared", f"{layout.run_prefix(FACT, RUN)}copia.parquet (", "nobody declared this object")
def a_file_is_added_to_a_table(at: Lakehouse) -> None:
    at.put(f"{layout.run_prefix(FACT, RUN)}copia.parquet")


@case("undeclared", "gold/particular/run=x/PARTICULAR.parquet (1 bytes", "nobody declared this object")
def a_table_nobody_knows(at: Lakehouse) -> None:
    at.put("gold/particular/run=x/PARTICULAR.parquet")


@case("undeclared", "bronze/cambio/run=ninguem/cambio.parquet (", "nobody declared this object")
def a_run_nobody_opened(at: Lakehouse) -> None:
    at.put(layout.run_key("cambio", "ninguem"))


@case("undeclared", "governance/notas.txt (", "nobody declared this object")
def an_object_among_the_reports(at: Lakehouse) -> None:
    at.put("governance/notas.txt")


@case("undeclared", "particular.copia: nobody declared this table, which reads s3://lake/silver/")
def a_table_elsewhere_that_reads_the_lake(at: Lakehouse) -> None:
    at.glue.create_database(DatabaseInput={"Name": "particular"})
    where = {"Location": at.lake.uri(layout.run_prefix(FACT, RUN))}
    at.glue.create_table(DatabaseName="particular", TableInput={"Name": "copia", "StorageDescriptor": where})
    at.undo = lambda: at.glue.delete_database(Name="particular")


@case("undeclared", "particular.visao: nobody declared this view of the lakehouse's tables")
def a_view_elsewhere_of_the_lake(at: Lakehouse) -> None:
    at.glue.create_database(DatabaseInput={"Name": "particular"})
    sql = base64.b64encode(json.dumps({"originalSql": f"SELECT * FROM {WHERE}"}).encode()).decode()
    view = {"Name": "visao", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": f"/* Presto View: {sql} */"}
    at.glue.create_table(DatabaseName="particular", TableInput=view)
    at.undo = lambda: at.glue.delete_database(Name="particular")


@case("undeclared", "exportador: nobody declared this state machine, which names lake")
def an_untagged_machine_copies_the_fact(at: Lakehouse) -> None:
    copy = {"CopySource": f"{BUCKET}/{layout.run_key(FACT, RUN)}", "Bucket": "elsewhere", "Key": "fato.parquet"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:copyObject", "Parameters": copy, "End": True}
    definition = json.dumps({"StartAt": "Copia", "States": {"Copia": state}})
    at.aws.states.create_state_machine(name="exportador", definition=definition, roleArn=ROLE)


@case("schemas", "importau_gold.copia: nenhum contrato conhece esta tabela")
def a_table_is_added_to_the_databases(at: Lakehouse) -> None:
    at.glue.create_table(DatabaseName="importau_gold", TableInput={"Name": "copia", "StorageDescriptor": {}})


@pytest.mark.parametrize(("name", "sabotage", "check", "said"), CASES, ids=[name for name, *_ in CASES])
def test_it_is_named_and_the_command_fails(
    lakehouse: Lakehouse, name: str, sabotage: Sabotage, check: str, said: tuple[str, ...]
) -> None:
    sabotage(lakehouse)
    code, checks = lakehouse.verify()
    assert code == 1
    assert not checks[check]["passed"], {each: checks[each]["detail"] for each in checks}
    for text in said:
        assert text in checks[check]["detail"]


def test_there_are_more_than_forty_kinds() -> None:
    assert len({name for name, *_ in CASES}) == len(CASES) > 40


# ---- what no object shows --------------------------------------------------------------------------------------------


def test_what_governance_has_looked_at_since_is_named_until_somebody_accepts_it(lakehouse: Lakehouse) -> None:
    a_tasks_description(lakehouse)
    for _ in range(2):
        governed = governs({"run_id": f"{RUN}.again", "only": "governance"}, context())
        assert any("WriteSilver.Comment: examinado '" in each for each in governed["warnings"])
        assert "WriteSilver.Comment: governance examined '" in lakehouse.wrong()["definitions"]
    assert CliRunner().invoke(app, ["verify", "--accept"]).exit_code == 1
    governs({"run_id": f"{RUN}.again", "only": "governance"}, context())
    assert "definitions" not in lakehouse.wrong()
    assert CliRunner().invoke(app, ["verify", FACT, "--accept"]).exit_code == 2


@pytest.mark.parametrize("name", [FACT, f"{WHERE}", f"{FACT.upper()}.parquet", f"{FACT}.moeda_origem"])
def test_one_table_is_verified_by_any_name_of_it_and_no_other(lakehouse: Lakehouse, name: str) -> None:
    a_tables_owner(lakehouse)
    a_file_is_replaced(lakehouse)
    ran = CliRunner().invoke(app, ["verify", name, "--json"])
    checks = {check["id"]: check for check in json.loads(ran.stdout)}
    assert [each for each, check in checks.items() if not check["passed"]] == ["catalogue", "files", "drift"], checks
    assert ran.exit_code == 1
    assert f"only {FACT} was verified" in " ".join(ran.stderr.split())
    other = CliRunner().invoke(app, ["verify", "cambio.csv", "--json"])
    assert (other.exit_code, "only cambio was verified" in " ".join(other.stderr.split())) == (0, True), other.stdout
    assert checks.keys() == {check["id"] for check in json.loads(other.stdout)}


def test_of_a_version_by_its_number_a_table_is_held_against_its_audit_alone(lakehouse: Lakehouse) -> None:
    a_tables_owner(lakehouse)
    ran = CliRunner().invoke(app, ["verify", FACT, "--version", "1", "--json"])
    assert ran.exit_code == 0, ran.stdout
    assert "catalogue" not in {check["id"] for check in json.loads(ran.stdout)}
    assert CliRunner().invoke(app, ["verify", FACT, "--repair"]).exit_code == 2


def test_what_is_older_than_its_contract_promises_is_named(lakehouse: Lakehouse, monkeypatch: Any) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(hours=25)

    monkeypatch.setattr("cli.contents.verification.datetime", Later)
    assert re.search(rf"{FACT}: expected no older than 24\.0 h, found 25\.\d h", lakehouse.wrong()["freshness"])


def test_a_contract_that_was_changed_is_named(lakehouse: Lakehouse, monkeypatch: Any) -> None:
    monkeypatch.setattr("cli.contents.promised.contract_sha256", lambda table: "f" * 64)
    said = lakehouse.wrong()["contracts"]
    version = load("cambio").version
    assert f"glue/contracts/bronze/cambio.odcs.yaml was changed: the audit's was {version} (" in said
    assert f"found {version} (ffffffffffff)" in said


class Trail:
    """CloudTrail, in which somebody updated the fact's entry; or that nobody may read."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.asked = error, 0

    def describe_trails(self) -> Any:
        if self.error:
            raise self.error
        return {"trailList": []}

    def lookup_events(self, LookupAttributes: Any, MaxResults: int) -> Any:  # noqa: N803
        self.asked += 1
        if self.error:
            raise self.error
        if LookupAttributes[0]["AttributeValue"] != "UpdateTable":
            return {"Events": []}
        told = {
            "userIdentity": {"arn": "arn:aws:iam::123456789012:user/ana"},
            "requestParameters": {"databaseName": "importau_silver", "tableInput": {"name": FACT}},
        }
        return {"Events": [{"EventTime": datetime(2026, 11, 30, 3, tzinfo=UTC), "CloudTrailEvent": json.dumps(told)}]}


def test_who_changed_it_is_said_where_cloudtrail_says_so(lakehouse: Lakehouse, monkeypatch: Any) -> None:
    trail = Trail()
    monkeypatch.setitem(lakehouse.aws._clients, "cloudtrail", trail)
    assert lakehouse.wrong() == {}
    assert trail.asked == 0
    a_tables_owner(lakehouse)
    said = lakehouse.wrong()["catalogue"]
    assert "found 'ninguem' (UpdateTable by arn:aws:iam::123456789012:user/ana, 2026-11-30 03:00:00 UTC)" in said


def test_where_cloudtrail_may_not_be_read_the_entry_tells_and_that_is_said(
    lakehouse: Lakehouse, monkeypatch: Any
) -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "LookupEvents")
    monkeypatch.setitem(lakehouse.aws._clients, "cloudtrail", Trail(denied))
    a_tables_owner(lakehouse)
    code, checks = lakehouse.verify()
    assert code == 1
    assert "found 'ninguem' (last changed 20" in checks["catalogue"]["detail"]
    assert checks["catalogue"]["unchecked"] == ["who changed it: CloudTrail may not be read (AccessDeniedException)"]


def test_what_aws_does_not_let_one_look_at_is_said_and_fails_nothing(lakehouse: Lakehouse, monkeypatch: Any) -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "x")

    def refuse(*_: Any, **__: Any) -> Any:
        raise denied

    monkeypatch.setattr(Catalog, "tags", refuse)
    monkeypatch.setattr("cli.contents.undeclared._tables", refuse)
    monkeypatch.setattr("cli.contents.undeclared._machines", refuse)
    monkeypatch.setattr("cli.contents.governed._deployed", refuse)
    code, checks = lakehouse.verify()
    assert (code, [name for name, check in checks.items() if not check["passed"]]) == (0, [])
    said = [each for check in checks.values() for each in check["unchecked"]]
    for what in ("tags of databases", "tables of other databases", "other state machines", "state machines as they"):
        assert any(each.startswith(what) and "AccessDenied" in each for each in said), what


def test_every_object_of_the_lake_is_declared(lakehouse: Lakehouse, state: State) -> None:
    assert [key for key in state.objects if not is_declared(key, {RUN})] == []
    assert [key for key in state.objects if key.startswith("silver/") and is_declared(key, set())] == []


def test_what_was_kept_as_long_as_it_is_to_be_may_be_gone(lakehouse: Lakehouse, monkeypatch: Any) -> None:
    an_event_is_deleted(lakehouse)
    the_report_of_governance_is_deleted(lakehouse)
    monkeypatch.setattr("cli.contents.reports.Expired.reports", lambda *_: True)
    _, checks = lakehouse.verify()
    assert checks["evidence"]["passed"], checks["evidence"]
    assert "reports and events that are older than they are kept" in checks["evidence"]["unchecked"]
