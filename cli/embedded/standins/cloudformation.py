"""CloudFormation makes, changes and deletes resources with the rights of whoever executes the change set.

What it calls for each type is what AWS publishes in the CloudFormation registry (``cloudformation_handlers.json`` says
of which day); it does not call what only certain properties need where they are not there.
"""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from cli.embedded.standins import execution_roles, rights

HANDLERS: Final[dict[str, Any]] = json.loads(
    Path(__file__).with_name("cloudformation_handlers.json").read_text("utf-8")
)
# What it could call for a type, why it does not for ours, and the properties with which it does.
NOT_CALLED: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "lambda:*FunctionConcurrency": (
        "only with the parameter ReservedConcurrency", ("ReservedConcurrentExecutions",),
    ),
    "kms:*": ("only with the parameter KmsKeyArn", ("KmsKeyArn", "KmsKeyId", "EncryptionConfiguration")),
    "logs:*KmsKey": ("only with the parameter KmsKeyArn", ("KmsKeyId",)),
    "ec2:*": ("only with the parameter SubnetIds", ("VpcConfig",)),
    "elasticfilesystem:*": ("no function mounts a file system", ("FileSystemConfigs",)),
    "lambda:GetCodeSigningConfig": ("no function has a code signing configuration", ("CodeSigningConfigArn",)),
    "lambda:PutFunctionCodeSigningConfig": ("no function has a code signing configuration", ("CodeSigningConfigArn",)),
    "lambda:DeleteFunctionCodeSigningConfig": (
        "no function has a code signing configuration", ("CodeSigningConfigArn",),
    ),
    "lambda:PutRuntimeManagementConfig": (
        "no function has a runtime management configuration", ("RuntimeManagementConfig",),
    ),
    "s3:GetObjectVersion": ("code is named by its hash, not by a version", ("S3ObjectVersion",)),
    "logs:PutDataProtectionPolicy": ("no log group has a data protection policy", ("DataProtectionPolicy",)),
    "logs:DeleteDataProtectionPolicy": ("no log group has a data protection policy", ("DataProtectionPolicy",)),
    "logs:CreateLogDelivery": ("no log group delivers anywhere", ()),
    "logs:*ResourcePolic*": ("no log group has a resource policy", ("ResourcePolicyDocument",)),
    "logs:DeleteRetentionPolicy": ("every log group has a retention", ()),
    "s3:REST.PUT.OBJECT": ("no log group delivers anywhere", ()),
    "firehose:*": ("no log group delivers anywhere", ()),
}  # fmt: skip
_SERVICES: Final = {
    "AWS::Lambda::Function": "lambda",
    "AWS::StepFunctions::StateMachine": "states",
    "AWS::Glue::Crawler": "glue",
}
# Why the template of the change set that is being made may not be transformed; empty where it may.
_untransformed: Final[ContextVar[str]] = ContextVar("untransformed", default="")
# Actions that have no resource.
_ON_ANYTHING: Final = ("logs:DescribeLogGroups", "ec2:*")


def called(kind: str, properties: Mapping[str, Any], *handlers: str) -> Iterator[str]:
    """Yield each action that CloudFormation calls for a resource of a type, in the order of the registry."""
    published = HANDLERS.get(kind) or {}
    for action in dict.fromkeys(action for handler in handlers for action in published.get(handler, ())):
        needs = next((with_ for name, (_, with_) in NOT_CALLED.items() if fnmatchcase(action, name)), None)
        if needs is None or any(properties.get(name) for name in needs):
            yield action


def _resources(kind: str, action: str, properties: Mapping[str, Any]) -> list[str]:
    """Return the ARNs on which an action is asked for; empty where this does not know them."""
    from ministack.core.responses import get_account_id, get_region

    where = f"{get_region()}:{get_account_id()}"
    if any(fnmatchcase(action, pattern) for pattern in _ON_ANYTHING):
        return ["*"]
    if action == "iam:PassRole":
        return [_role(properties)]
    if action.startswith("kms:"):
        return [str(properties.get("KmsKeyArn") or properties.get("KmsKeyId"))]
    if action.startswith("s3:"):
        code = properties.get("Code") or properties.get("Content") or {}
        return [f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}"] if code.get("S3Key") else []
    if action == "lambda:GetLayerVersion" and kind == "AWS::Lambda::Function":
        return [str(arn) for arn in properties.get("Layers") or ()]
    name = str(properties.get(_NAMES.get(kind, "Name"), ""))
    arns = {
        "AWS::Lambda::Function": [f"arn:aws:lambda:{where}:function:{name}"],
        "AWS::Lambda::LayerVersion": [
            f"arn:aws:lambda:{where}:layer:{name}{'' if action == 'lambda:PublishLayerVersion' else ':1'}"
        ],
        "AWS::StepFunctions::StateMachine": [f"arn:aws:states:{where}:stateMachine:{name}"],
        "AWS::Glue::Crawler": [f"arn:aws:glue:{where}:crawler/{name}"],
        "AWS::Glue::Database": [
            f"arn:aws:glue:{where}:catalog",
            f"arn:aws:glue:{where}:database/{(properties.get('DatabaseInput') or {}).get('Name', '')}",
        ],
        "AWS::Athena::WorkGroup": [f"arn:aws:athena:{where}:workgroup/{name}"],
        "AWS::Logs::LogGroup": [f"arn:aws:logs:{where}:log-group:{name}:*"],
    }
    return arns.get(kind, [])


# The property that has a resource's name.
_NAMES: Final = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::Logs::LogGroup": "LogGroupName",
}


def _role(properties: Mapping[str, Any]) -> str:
    return str(properties.get("Role") or properties.get("RoleArn") or "")


def _ask(kind: str, properties: Mapping[str, Any], *handlers: str) -> None:
    """Raise what CloudFormation says where its caller, or the role, may not do what a resource needs."""
    principal = rights.caller()
    service = f"{_SERVICES.get(kind, '')}.amazonaws.com"
    for action in called(kind, properties, *handlers):
        on = _resources(kind, action, properties)
        said = rights.refusal(principal, action, on, iam__PassedToService=service)
        if said:
            raise ValueError(f'Resource handler returned message: "{said}" (HandlerErrorCode: AccessDenied)')
    if kind in _SERVICES and "delete" not in handlers:
        problem = execution_roles.problem_of(_SERVICES[kind], _role(properties), _whole(kind, properties))
        if problem is not None:
            raise ValueError(f'Resource handler returned message: "{problem[1]} (Error Code: {problem[0]})"')


def _whole(kind: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of a resource; a state machine's definition is often an object in S3."""
    from ministack.services.cloudformation.provisioners import _sfn_definition

    if kind != "AWS::StepFunctions::StateMachine":
        return properties
    return {**properties, "Definition": _sfn_definition(dict(properties))}


def _provisioning(provision: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(provision)
    def provisioned(kind: str, logical_id: str, properties: Any, stack: str) -> Any:
        if rights.ENFORCED:
            _ask(kind, properties, "create", "read")
        return provision(kind, logical_id, properties, stack)

    return provisioned


def _updating(update: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(update)
    def updated(kind: str, physical_id: str, old: Any, new: Any, stack: str, *rest: Any) -> Any:
        if rights.ENFORCED and old != new:
            _ask(kind, new, "update", "read")
        return update(kind, physical_id, old, new, stack, *rest)

    return updated


def _deleting(delete: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(delete)
    def deleted(kind: str, physical_id: str, properties: Any, *rest: Any, **named: Any) -> Any:
        if rights.ENFORCED:
            _ask(kind, properties, "delete")
        return delete(kind, physical_id, properties, *rest, **named)

    return deleted


class _UntransformedError(Exception):
    """Whoever makes a change set may not have its template transformed; the message is AWS's."""


def _transforming(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that transforms a template, after the caller was asked whether it may be."""

    @functools.wraps(transform)
    def transformed(template: Any, *rest: Any) -> Any:
        from ministack.core.responses import get_region
        from ministack.services.cloudformation.engine import declared_transforms

        names = declared_transforms(template) if rights.ENFORCED else []
        arns = [f"arn:aws:cloudformation:{get_region()}:aws:transform/{name.rpartition('::')[2]}" for name in names]
        said = rights.refusal(rights.caller(), "cloudformation:CreateChangeSet", arns)
        _untransformed.set(said)
        if said:
            raise _UntransformedError(said)
        return transform(template, *rest)

    return transformed


def _refusing(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that makes a change set, and answers as AWS does where its template may not be transformed."""

    @functools.wraps(create)
    def created(parameters: Any) -> Any:
        from ministack.services.cloudformation.helpers import _error

        _untransformed.set("")
        answer = create(parameters)
        return _error("AccessDenied", _untransformed.get(), 403) if _untransformed.get() else answer

    return created


def install() -> None:
    """Ask before CloudFormation makes, changes or deletes a resource."""
    from ministack.services.cloudformation import changesets, handlers, stacks

    changesets._apply_transforms = _transforming(changesets._apply_transforms)
    handlers._ACTION_HANDLERS["CreateChangeSet"] = _refusing(handlers._ACTION_HANDLERS["CreateChangeSet"])
    stacks._provision_resource = _provisioning(stacks._provision_resource)
    stacks._update_resource = _updating(stacks._update_resource)
    stacks._delete_resource = _deleting(stacks._delete_resource)
