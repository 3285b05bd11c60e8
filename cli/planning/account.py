"""What an account allows a run: Lambdas at once, what its budget leaves, how the stack is set. Asked, never guessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cli.errors import CliError

if TYPE_CHECKING:
    from cli.session import Aws

# A plan is no reason to wait long: what does not answer by then is unknown.
_CONNECT_S: Final = 2
_READ_S: Final = 5
_MONTHLY: Final = "MONTHLY"
# Budgets answers in this region, whatever is asked about.
_BUDGETS_REGION: Final = "us-east-1"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Budget:
    """A monthly budget of an account, of costs.

    Attributes
    ----------
    name : str
    limit, spent : Decimal
        In USD, this month.
    """

    name: str
    limit: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """What is left of it; negative where more was spent."""
        return self.limit - self.spent


@dataclass(frozen=True)
class Account:
    """What is known of an account.

    Attributes
    ----------
    concurrency : int or None
        How many Lambdas it runs at once; None where that is not known.
    budget : Budget or None
        The one of which least is left; None where it has none, or none that can be read.
    parameters : mapping of str to str
        How the stack is set; empty where it is not deployed.
    unknown : mapping of str to str
        Why something is not known, by what it is.
    """

    concurrency: int | None = None
    budget: Budget | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    def parameter(self, name: str, default: int) -> int:
        """Return a number among the stack's parameters."""
        value = self.parameters.get(name, "")
        return int(value) if value.isdigit() else default


CONCURRENCY: Final = "concurrency"
BUDGET: Final = "budget"
STACK: Final = "stack"


def asked(connect: "Callable[[], Aws]") -> Account:
    """Ask an account; what it does not say, or does not allow to ask, is unknown, with the reason.

    Parameters
    ----------
    connect : callable
        Returns the lakehouse; it may raise `CliError`.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    unknown: dict[str, str] = {}

    def answer(what: str, ask: Callable[[], _Answer]) -> _Answer | None:
        try:
            return ask()
        except ClientError as error:
            unknown[what] = f"{error.operation_name}: {error.response['Error'].get('Code', 'refused')}"
        except (BotoCoreError, CliError) as error:
            unknown[what] = str(error).splitlines()[0]
        return None

    try:
        aws = connect()
        if aws.session.get_credentials() is None:
            raise NoCredentialsError
    except (BotoCoreError, CliError) as error:
        why = str(error).splitlines()[0]
        return Account(unknown=dict.fromkeys((CONCURRENCY, BUDGET, STACK), why))
    concurrency = answer(CONCURRENCY, lambda: _concurrency(aws))
    budget = answer(BUDGET, lambda: _budget(aws))
    parameters = answer(STACK, lambda: _parameters(aws))
    return Account(concurrency, budget, parameters or {}, unknown)


def _concurrency(aws: "Aws") -> int:
    answer = _client(aws, "lambda").get_account_settings()
    return int(answer["AccountLimit"]["ConcurrentExecutions"])


def _budget(aws: "Aws") -> Budget | None:
    account = _client(aws, "sts").get_caller_identity()["Account"]
    pages = _client(aws, "budgets").get_paginator("describe_budgets").paginate(AccountId=account)
    found = [
        Budget(each["BudgetName"], _usd(each["BudgetLimit"]), _usd(each["CalculatedSpend"]["ActualSpend"]))
        for page in pages
        for each in page.get("Budgets", ())
        if _is_of_this(each)
    ]
    return min(found, key=lambda budget: budget.left, default=None)


def _is_of_this(budget: Mapping[str, Any]) -> bool:
    """Return whether a budget is of a month's costs, in USD, and says what was spent."""
    limit = budget.get("BudgetLimit", {})
    return (
        budget.get("BudgetType") == "COST"
        and budget.get("TimeUnit") == _MONTHLY
        and limit.get("Unit") == "USD"
        and "ActualSpend" in budget.get("CalculatedSpend", {})
    )


def _usd(spend: Mapping[str, str]) -> Decimal:
    return Decimal(spend["Amount"])


def _parameters(aws: "Aws") -> dict[str, str]:
    from cli.account.stack import parameters_of

    return parameters_of(_client(aws, "cloudformation").describe_stacks(StackName=aws.stack)["Stacks"][0])


def _client(aws: "Aws", service: str) -> Any:
    """Return a client that is not patient."""
    from botocore.config import Config

    config = Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries={"total_max_attempts": 1})
    region = {"region_name": _BUDGETS_REGION} if service == "budgets" else {}
    return aws.session.client(service, endpoint_url=aws.endpoint, config=config, **region)  # type: ignore[call-overload]
