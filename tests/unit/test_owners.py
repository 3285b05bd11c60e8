"""Every table, state machine and task has an owner: that of the domain it belongs to."""

import re
from dataclasses import replace

import pytest
from machines import MACHINES, definition

from governance.ownership import ownerless
from lakehouse.contract.model import load, load_all
from lakehouse.contract.owners import owner_of_machine, owner_of_task, owners, parse
from lakehouse.errors import ContractError
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.orchestration.stepfunctions import StateMachine
from lakehouse.stage import NONE

WHOLE = "domains:\n  plataforma-de-dados: {owner: nos}\nmachines:\n  bronze: plataforma-de-dados\n"


def machine(name: str, **change: str) -> StateMachine:
    """Return a state machine as it is deployed, with texts of its definition changed."""
    made = StateMachine.of(machine_name(name, NONE), f"arn:{name}", definition(name))
    return replace(made, owner=change["owner"]) if "owner" in change else made


def deployed() -> list[StateMachine]:
    return [machine(name) for name in MACHINES]


def test_everything_that_is_deployed_has_the_owner_of_its_domain() -> None:
    assert ownerless(deployed(), load_all(), NONE) == []


def test_not_one_name_answers_for_all() -> None:
    tasks = [task.owner for each in deployed() for task in each.tasks]
    assert len(set(tasks)) >= 3
    assert len({contract.owner for contract in load_all()}) >= 4
    assert {*tasks, *(each.owner for each in deployed())} <= set(owners().of_domain.values())


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("", "falta o dono (OWNER do comentário); por seu domínio é controladoria"),
        ("fulano", "ninguém conhece o dono fulano; por seu domínio é controladoria"),
        ("tesouraria", "o dono esperado é controladoria, por seu domínio, e o comentário diz tesouraria"),
    ],
)
def test_an_owner_that_is_missing_unknown_or_anothers_is_named(owner: str, said: str) -> None:
    silver = machine("silver")
    wrong = replace(silver, owner=owner, tasks=(replace(silver.tasks[0], owner=owner), *silver.tasks[1:]))
    assert ownerless([wrong], (), NONE) == [f"{silver.name}: {said}", f"{silver.name}.{silver.tasks[0].name}: {said}"]


def test_a_table_has_a_domain_that_there_is_and_its_owner() -> None:
    cambio = load("cambio")
    (unknown,) = ownerless((), [replace(cambio, domain="vendas")], NONE)
    assert unknown.startswith("importau_bronze.cambio: o domínio vendas não está em owners.yaml: compras, ")
    (others,) = ownerless((), [replace(cambio, owner="compras")], NONE)
    assert others == "importau_bronze.cambio: o dono do domínio tesouraria é tesouraria, e o contrato diz compras"


def test_a_task_is_of_the_domain_of_what_it_writes_or_else_of_its_machines() -> None:
    assert owner_of_task("pipeline", ["cambio", "pagamentos"]) == "tesouraria"
    assert owner_of_task("pipeline", ["cambio", "pedidos"]) == owner_of_machine("pipeline") == "engenharia-de-dados"
    assert owner_of_task("silver", []) == "controladoria"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE.replace("bronze: plataforma-de-dados", "bronze: vendas"), "the domain vendas has no owner"),
        (WHOLE.replace("{owner: nos}", "{}"), "lacks 'owner'"),
        (WHOLE.replace("plataforma-de-dados: {", "outra: {"), "the domain plataforma-de-dados has no owner"),
        ("[]", "must be a mapping"),
    ],
)
def test_a_file_that_leaves_something_out_is_refused(text: str, said: str) -> None:
    assert parse(WHOLE).of_machine == {"bronze": "plataforma-de-dados"}
    with pytest.raises(ContractError, match=re.escape(said)):
        parse(text)


def test_a_machine_without_a_domain_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match="'machines' lacks novo; write its domain"):
        owner_of_machine("novo")
