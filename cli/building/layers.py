"""What the functions' layers are built for: parameters that both `sam build` and `sam deploy` need."""

from collections.abc import Mapping
from typing import Any, Final

from cli.account.stack import parameters_of
from cli.errors import UsageError

# The values that template.yaml allows on an account; tests/unit/test_template.py compares the two.
ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "PythonVersion": ("3.11", "3.12", "3.13"),
    "Architecture": ("x86_64", "arm64"),
    "LayerSource": ("managed", "bundled"),
}
WITHOUT_BUNDLED: Final = "3.11"


def built_for(requested: Mapping[str, str], described: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what the layers have to be built for: the requested parameters, or else the stack's.

    Parameters
    ----------
    requested : mapping of str to str
        Parameters of template.yaml that were requested for this deployment.
    described : mapping or None
        The deployed stack as CloudFormation describes it: a deployment keeps the parameters that are not requested.

    Raises
    ------
    UsageError
        A value is not allowed, or there is no such layer; the message has every problem.
    """
    values = {name: value for name, value in {**parameters_of(described), **requested}.items() if name in ALLOWED}
    problems = [
        f"{name}={value} is not possible: {', '.join(ALLOWED[name])}"
        for name, value in values.items()
        if value not in ALLOWED[name]
    ]
    if values.get("LayerSource") == "bundled" and values.get("PythonVersion") == WITHOUT_BUNDLED:
        problems.append(
            f"LayerSource=bundled is not possible with PythonVersion={WITHOUT_BUNDLED}, whose Amazon Linux 2 is too "
            "old for the wheels of pyarrow"
        )
    if problems:
        raise UsageError("; ".join(problems), "Name others with --parameter NAME=VALUE.")
    return values
