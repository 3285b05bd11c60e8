"""What tasks declare and what the run did are held against one another, task by task and table by table."""

import dataclasses
from itertools import product

import pytest
from lakehouse_tables import OF_THE_FACT

from governance.agreement import Observed, differences, observed, unknown_names
from lakehouse.lineage.edges import Edge
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import Task

PLACE = Place("us-east-1", "123456789012", "lake")
FACT = "importau_silver.fato_pedido_correlacionado"
LAMBDA = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution.sync:2"
BRONZES = tuple(f"importau_bronze.{table}" for table in OF_THE_FACT)
LANDING = tuple(f"landing.{table}" for table in OF_THE_FACT)
WRITE_BRONZE = Task("WriteBronze", "x", "dados", LAMBDA, LANDING, BRONZES, 5)
WRITE_SILVER = Task("WriteSilver", "x", "dados", LAMBDA, BRONZES, (FACT,), 5)
PUBLISH = Task("PublishTable", "x", "dados", "arn:aws:states:::aws-sdk:s3:copyObject", (FACT,), (FACT,), 4)


def event(job, inputs=(), outputs=()):
    def datasets(names):
        pairs = (PLACE.dataset(Asset.parse(name)) for name in names)
        return [{"namespace": namespace, "name": name} for namespace, name in pairs]

    return {"job": {"name": job}, "inputs": datasets(inputs), "outputs": datasets(outputs)}


def did(inputs=(), outputs=(), edges=None):
    """Return what a task did: from every input to every output, where nothing else is said."""
    joined = product(inputs, outputs) if edges is None else edges
    return Observed(set(inputs), set(outputs), {Edge(*each) for each in joined})


COPIED = tuple(zip(LANDING, BRONZES, strict=True))
SILVER_RUN = {("silver", "WriteSilver"): did(BRONZES, {FACT})}
BRONZE_RUN = {("bronze", "WriteBronze"): did(LANDING, BRONZES, COPIED)}


def silver(task=WRITE_SILVER, seen=SILVER_RUN, from_csv=True):
    return differences({"silver": [task, PUBLISH]}, seen, from_csv)


def test_what_agrees_is_no_difference():
    assert silver() == []


def test_a_wrong_inputs_comment_is_named_both_ways():
    wrong = dataclasses.replace(WRITE_SILVER, inputs=(*BRONZES[:-1], "importau_gold.agregado_fluxo_de_caixa_mensal"))
    assert silver(wrong) == [
        "silver.WriteSilver: INPUTS declara importau_gold.agregado_fluxo_de_caixa_mensal, que a execução não usou",
        "silver.WriteSilver: a execução usou importau_bronze.emprestimos, que INPUTS não declara",
    ]


def test_an_undeclared_read_is_named():
    seen = {("silver", "WriteSilver"): did({*BRONZES, "landing.cambio"}, {FACT}, product(BRONZES, {FACT}))}
    assert silver(seen=seen) == ["silver.WriteSilver: a execução usou landing.cambio, que INPUTS não declara"]


def test_an_undeclared_write_is_named():
    seen = {("silver", "WriteSilver"): did(BRONZES, {FACT, "importau_bronze.cambio"}, product(BRONZES, {FACT}))}
    assert silver(seen=seen) == [
        "silver.WriteSilver: a execução usou importau_bronze.cambio, que OUTPUT não declara",
        "silver.WriteSilver: o contrato diz que importau_bronze.cambio se faz de landing.cambio, "
        "e a execução não a fez dela",
    ]


def test_a_declared_write_that_did_not_happen_is_named():
    assert silver(seen={("silver", "WriteSilver"): Observed(set(BRONZES))}) == [
        f"silver.WriteSilver: OUTPUT declara {FACT}, que a execução não usou"
    ]


def test_synthetic_data_reads_no_landing():
    seen = {("bronze", "WriteBronze"): Observed(set(), set(BRONZES))}
    assert differences({"bronze": [WRITE_BRONZE]}, seen, from_csv=False) == []
    problems = differences({"bronze": [WRITE_BRONZE]}, seen, from_csv=True)
    assert problems == [
        f"bronze.WriteBronze: INPUTS declara {name}, que a execução não usou" for name in sorted(LANDING)
    ]


def test_synthetic_data_that_reads_landing_all_the_same_is_named():
    seen = {("bronze", "WriteBronze"): Observed({"landing.cambio"}, set(BRONZES))}
    [problem] = differences({"bronze": [WRITE_BRONZE]}, seen, from_csv=False)
    assert problem == "bronze.WriteBronze: a execução usou landing.cambio, que INPUTS não declara"


def test_an_edge_that_joins_one_tables_input_with_anothers_output_is_named():
    wrong = (*COPIED, ("landing.cambio", "importau_bronze.pedidos"))
    seen = {("bronze", "WriteBronze"): did(LANDING, BRONZES, wrong)}
    assert differences({"bronze": [WRITE_BRONZE]}, BRONZE_RUN, from_csv=True) == []
    assert differences({"bronze": [WRITE_BRONZE]}, seen, from_csv=True) == [
        "bronze.WriteBronze: a execução fez importau_bronze.pedidos de landing.cambio, "
        "e seu contrato não diz que se faz dela"
    ]


def test_an_edge_that_a_contract_says_and_nobody_made_is_named():
    seen = {("silver", "WriteSilver"): did(BRONZES, {FACT}, product(BRONZES[1:], {FACT}))}
    assert silver(seen=seen) == [
        f"silver.WriteSilver: o contrato diz que {FACT} se faz de {BRONZES[0]}, e a execução não a fez dela"
    ]


DISCOVER = Task("Discover", "x", "dados", LAMBDA, (*BRONZES, FACT), (), 5)


def test_a_task_that_reads_what_there_is_may_do_less_than_it_declares_and_not_more():
    tasks = {"pipeline": [DISCOVER, dataclasses.replace(DISCOVER, name="NoteCrawled")]}
    assert differences(tasks, {("pipeline", "Discover"): did({FACT})}, True, ["pipeline"]) == []
    assert differences(tasks, {("pipeline", "Discover"): did({FACT, "landing.cambio"})}, True, ["pipeline"]) == [
        "pipeline.Discover: a execução usou landing.cambio, que INPUTS não declara"
    ]
    assert len(differences(tasks, {("pipeline", "Discover"): did({FACT})}, True)) == len(BRONZES) + 1


AUDIT_SILVER = Task("AuditSilver", "x", "dados", LAMBDA, (*BRONZES, FACT), (), 5)
STARTS_AUDIT = Task("AuditSilver", "x", "dados", START, (*BRONZES, FACT), (), 5, starts="teste_silver")
STARTS_SILVER = Task("Silver", "x", "dados", START, BRONZES, (FACT,), 5, starts="silver")
TREE = {"pipeline": [STARTS_SILVER], "silver": [WRITE_SILVER, STARTS_AUDIT], "teste_silver": [AUDIT_SILVER]}
TREE_RUN = {**SILVER_RUN, ("teste_silver", "AuditSilver"): did({*BRONZES, FACT})}


def test_a_task_that_starts_an_execution_declares_what_that_one_did_with_all_that_it_started():
    assert differences(TREE, TREE_RUN, True) == []
    wrong = dataclasses.replace(STARTS_SILVER, inputs=BRONZES[1:], outputs=(FACT, "importau_bronze.cambio"))
    assert differences(TREE | {"pipeline": [wrong]}, TREE_RUN, True) == [
        f"pipeline.Silver: as tarefas que ela inicia usaram {BRONZES[0]}, que INPUTS não declara",
        "pipeline.Silver: OUTPUT declara importau_bronze.cambio, que as tarefas que ela inicia não usaram",
    ]


def test_an_execution_of_which_nothing_is_seen_is_not_held_against_the_task_that_starts_it():
    assert differences(TREE, {}, True) == []


def test_a_lambda_that_tells_nothing_of_the_tables_it_declares_is_named():
    quiet = dataclasses.replace(WRITE_SILVER, name="AuditSilver", outputs=())
    assert differences({"silver": [WRITE_SILVER, quiet, PUBLISH]}, SILVER_RUN, True) == [
        "silver.AuditSilver: declara tabelas, e a execução não deu notícia dela"
    ]


@pytest.mark.parametrize("machine", ["gold", "pipeline"])
def test_a_state_machine_of_which_nothing_was_seen_did_not_run(machine):
    assert differences({"silver": [WRITE_SILVER], machine: [WRITE_SILVER]}, SILVER_RUN, True) == []


def test_a_task_that_no_state_machine_declares_is_named_with_what_it_used():
    seen = {**SILVER_RUN, ("silver", "Extra"): Observed({"importau_bronze.cambio"}, {FACT})}
    assert silver(seen=seen) == [
        f"silver.Extra: a execução usou importau_bronze.cambio, {FACT}, e nenhuma tarefa com esse nome o declara"
    ]


def test_events_are_gathered_by_task_whatever_their_order():
    events = [
        event("bronze.WriteBronze.pedidos", ["landing.pedidos"], ["importau_bronze.pedidos"]),
        event("silver.WriteSilver.fato_pedido_correlacionado", BRONZES, [FACT]),
        event("bronze.WriteBronze.cambio", ["landing.cambio"], ["importau_bronze.cambio"]),
        event("bronze.v2.Write.cambio", [], []),
    ]
    expected = {
        ("bronze", "WriteBronze"): did(
            {"landing.pedidos", "landing.cambio"},
            {"importau_bronze.pedidos", "importau_bronze.cambio"},
            [("landing.pedidos", "importau_bronze.pedidos"), ("landing.cambio", "importau_bronze.cambio")],
        ),
        ("silver", "WriteSilver"): did(BRONZES, {FACT}),
        ("bronze", "v2.Write"): Observed(),
    }
    assert observed(events, PLACE) == observed(reversed(events), PLACE) == expected


def test_a_dataset_of_elsewhere_is_a_read_like_any_other():
    strange = {"job": {"name": "silver.WriteSilver.x"}, "inputs": [{"namespace": "s3://other", "name": "k"}]}
    assert observed([strange], PLACE) == {("silver", "WriteSilver"): Observed({"s3://other/k"})}


def test_a_name_in_a_comment_that_is_no_asset_is_named():
    wrong = dataclasses.replace(WRITE_SILVER, inputs=("importau_bronze.clientes",), outputs=("fato",))
    assert unknown_names({"silver": [wrong], "bronze": [WRITE_BRONZE]}) == [
        "silver.WriteSilver: 'importau_bronze.clientes' não é nenhum ativo do lakehouse",
        "silver.WriteSilver: 'fato' não é nenhum ativo do lakehouse",
    ]


def test_a_field_that_is_not_read_is_named():
    [problem] = unknown_names({"silver": [dataclasses.replace(WRITE_SILVER, unread=("INPUT: a.b",))]})
    assert problem.startswith("silver.WriteSilver: o comentário traz 'INPUT: a.b', que não se lê; escreva")
