"""Who answers for what: the domains, each with its owner, in ``glue/contracts/owners.yaml``."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from lakehouse.contract.model import Contract, load
from lakehouse.contract.odcs import read
from lakehouse.errors import ContractError

# The domain of what makes and governs the tables, and of the tables that tell of it.
PLATFORM: Final = "plataforma-de-dados"
_FILE: Final = "owners.yaml"


class Owners(NamedTuple):
    """The file, read.

    Attributes
    ----------
    of_domain : dict of str to str
        The owner of each domain.
    of_machine : dict of str to str
        The domain of each layer's state machine, and of the pipeline's; an audit is of its layer's.
    """

    of_domain: dict[str, str]
    of_machine: dict[str, str]


@cache
def owners() -> Owners:
    """Return who answers for what; raise `ContractError`, naming the file, where it cannot be read."""
    try:
        return parse((resources.files("contracts") / _FILE).read_text("utf-8"))
    except ContractError as error:
        raise ContractError(f"glue/contracts/{_FILE}: {error}") from error


def parse(text: str) -> Owners:
    """Return the file's content from its YAML; raise `ContractError` where a domain has no owner, or is unknown."""
    document = read(text)
    domains, machines = document.node("domains"), document.node("machines")
    of_domain = {name: domains.node(name).text("owner") for name in domains.mapping}
    of_machine = {name: machines.text(name) for name in machines.mapping}
    unknown = sorted({*of_machine.values(), PLATFORM} - set(of_domain))
    if unknown:
        raise ContractError(f"the domain {', '.join(unknown)} has no owner; write it under 'domains'")
    return Owners(of_domain, of_machine)


def owner_of_machine(layer: str) -> str:
    """Return who answers for a layer's state machines, or for another of the lakehouse's (``pipeline``)."""
    found = owners()
    if layer not in found.of_machine:
        raise ContractError(f"glue/contracts/{_FILE}: 'machines' lacks {layer}; write its domain")
    return found.of_domain[found.of_machine[layer]]


def owner_of_task(layer: str, tables: Iterable[str]) -> str:
    """Return who answers for a task.

    Parameters
    ----------
    layer : str
        Of its state machine.
    tables : iterable of str
        Those that it writes. Where they are of one domain, so is the task; otherwise it is of its machine's.
    """
    domains = {load(table).domain for table in tables}
    return owners().of_domain.get(next(iter(domains)), "") if len(domains) == 1 else owner_of_machine(layer)


def unowned(contracts: Iterable[Contract]) -> Iterator[str]:
    """Yield every table whose domain is unknown, or whose owner is not that of its domain."""
    known = owners().of_domain
    for contract in contracts:
        expected = known.get(contract.domain)
        if expected is None:
            yield f"{contract.qualified_name}: o domínio {contract.domain} não está em {_FILE}: {', '.join(known)}"
        elif contract.owner != expected:
            yield (
                f"{contract.qualified_name}: o dono do domínio {contract.domain} é {expected}, e o contrato diz "
                f"{contract.owner}"
            )
