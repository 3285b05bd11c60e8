"""The execution role is asked for what AWS asks of it: when something is made that runs as it, and when it runs.

The refusals are AWS's own texts. They are known from reports of what CloudFormation said: "not authorized to create
managed-rule", "not authorized to access the Log Destination", "cannot be assumed by Lambda".
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final

from cli.embedded.standins import rights

# What logging of executions needs (AWS Step Functions Developer Guide, "Using CloudWatch Logs").
DELIVERIES: Final = tuple(
    f"logs:{operation}"
    for operation in (
        "CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
        "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups",
    )
)  # fmt: skip
# What waiting for a nested execution needs (the same guide, "Manage executions").
MANAGED_RULE: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
_RULE: Final = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
# What a crawler of S3 asks of the catalogue (AWS's own policy AWSGlueServiceRole).
_CRAWLING: Final = (
    "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable",
    "glue:BatchGetPartition", "glue:BatchCreatePartition",
)  # fmt: skip

_running_as: ContextVar[str] = ContextVar("running as", default="")
# AWS's error and its text.
Problem = tuple[str, str]


def problem_of(service: str, arn: str, properties: Mapping[str, Any]) -> Problem | None:
    """Return why a service refuses to make something that runs as a role; None where it does not.

    Parameters
    ----------
    service : {"lambda", "states", "glue"}
    arn : str
        Of the role.
    properties : mapping
        What is made, with CloudFormation's names.
    """
    if not rights.ENFORCED:
        return None
    return _PROBLEMS[service](arn, properties)


def _of_function(arn: str, properties: Mapping[str, Any]) -> Problem | None:
    principal = rights.role(arn, "awslambda")
    if not rights.trusts(arn, "lambda.amazonaws.com"):
        return "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
    said = "The provided execution role does not have permissions to call {} on {}"
    traces = (properties.get("TracingConfig") or {}).get("Mode") == "Active"
    if traces and rights.refusal(principal, "xray:PutTraceSegments", ["*"]):
        return "InvalidParameterValueException", said.format("PutTraceSegments", "XRAY")
    in_vpc = (properties.get("VpcConfig") or {}).get("SubnetIds")
    if in_vpc and rights.refusal(principal, "ec2:CreateNetworkInterface", ["*"]):
        return "InvalidParameterValueException", said.format("CreateNetworkInterface", "EC2")
    return None


def _of_state_machine(arn: str, properties: Mapping[str, Any]) -> Problem | None:
    from ministack.core.responses import get_account_id, get_region

    principal = rights.role(arn, "states")
    if not rights.trusts(arn, "states.amazonaws.com"):
        return (
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role.",
        )
    rule = (f"arn:aws:events:{get_region()}:{get_account_id()}:rule/{_RULE}",)
    waits = "startExecution.sync" in properties["Definition"]
    if waits and rights.refused(principal, dict.fromkeys(MANAGED_RULE, rule)):
        return "AccessDeniedException", f"'{arn}' is not authorized to create managed-rule."
    logging = properties.get("LoggingConfiguration") or {}
    logs = str(logging.get("Level", logging.get("level", "OFF"))) != "OFF"
    if logs and rights.refused(principal, dict.fromkeys(DELIVERIES, ("*",))):
        return "AccessDeniedException", "The state machine IAM Role is not authorized to access the Log Destination"
    return None


def _of_crawler(arn: str, properties: Mapping[str, Any]) -> Problem | None:
    del properties
    if not rights.trusts(arn, "glue.amazonaws.com"):
        return (
            "InvalidInputException",
            "Service is unable to assume provided role. Please verify role's TrustPolicy",
        )
    return None


_PROBLEMS: Final[dict[str, Callable[[str, Mapping[str, Any]], Problem | None]]] = {
    "lambda": _of_function,
    "states": _of_state_machine,
    "glue": _of_crawler,
}


# ---- what is made by a direct call -----------------------------------------------------------------------------------

Answer = tuple[int, dict[str, str], bytes]


def _asked(make: Callable[[dict[str, Any]], Any], service: str, names: Mapping[str, str]) -> Callable[..., Any]:
    """Return an operation that makes something, after the caller and the role have been asked.

    Parameters
    ----------
    make : callable
        MiniStack's.
    service : str
    names : mapping of str to str
        The names of the request's fields, by CloudFormation's.
    """
    from ministack.core.responses import error_response_json

    @functools.wraps(make)
    def made(data: dict[str, Any]) -> Any:
        arn = data.get(names["Role"]) or ""
        if rights.ENFORCED and arn.startswith("arn:"):
            passed = {"iam__PassedToService": f"{service}.amazonaws.com"}
            said = rights.refusal(rights.caller(), "iam:PassRole", [arn], **passed)
            properties = {name: data[field] for name, field in names.items() if field in data}
            problem = ("AccessDeniedException", said) if said else problem_of(service, arn, properties)
            if problem is not None:
                return error_response_json(*problem, 400)
        return make(data)

    return made


# ---- what runs -------------------------------------------------------------------------------------------------------


def _execution_arn(machine: str) -> str:
    return machine.replace(":stateMachine:", ":execution:") + ":any"


def _of_task(resource: str, given: Mapping[str, Any]) -> tuple[dict[str, Sequence[str]], str]:
    """Return what a task asks of the role, by action, and the error that a refusal has on AWS."""
    from ministack.core.responses import get_account_id, get_region

    where = f"{get_region()}:{get_account_id()}"
    if "states:::lambda:invoke" in resource:
        function = str(given.get("FunctionName", ""))
        arn = function if function.startswith("arn:") else f"arn:aws:lambda:{where}:function:{function}"
        return {"lambda:InvokeFunction": [arn]}, "Lambda.AWSLambdaException"
    if ":states:startExecution" in resource:
        machine = str(given.get("StateMachineArn", ""))
        asked: dict[str, Sequence[str]] = {"states:StartExecution": [machine]}
        if ".sync" in resource:
            asked["states:DescribeExecution"] = [_execution_arn(machine)]
        return asked, "StepFunctions.AWSStepFunctionsException"
    if ":sns:publish" in resource:
        return {"sns:Publish": [str(given.get("TopicArn", "*"))]}, "SNS.AuthorizationErrorException"
    if "aws-sdk:glue:" in resource:
        operation, name = resource.rpartition(":")[2], str(given.get("Name", ""))
        arn = f"arn:aws:glue:{where}:crawler/{name}"
        return {f"glue:{operation[0].upper()}{operation[1:]}": [arn]}, "Glue.AccessDeniedException"
    return {}, ""


def _as_role(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that works on a state, as the role of its state machine."""

    @functools.wraps(run)
    def ran(state: Any, raw: Any, *rest: Any) -> Any:
        from ministack.services import stepfunctions

        execution = rest[-2]
        machine = execution.get("stateMachineArn", "").partition("/")[0]  # of a Distributed Map's child: machine/label
        found = stepfunctions._state_machines.get(machine) or {}
        token = _running_as.set(found.get("roleArn", ""))
        try:
            return run(state, raw, *rest)
        finally:
            _running_as.reset(token)

    return ran


def _task_asked(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that carries a task out, after the role has been asked."""

    @functools.wraps(invoke)
    def invoked(resource: str, given: Any) -> Any:
        from ministack.services.stepfunctions import _ExecutionError

        arn = _running_as.get()
        if rights.ENFORCED and arn and isinstance(given, Mapping):
            asked, error = _of_task(resource, given)
            said = rights.refused(rights.role(arn, "states"), asked)
            if said:
                raise _ExecutionError(error, said)
        return invoke(resource, given)

    return invoked


def _map_asked(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs a Distributed Map, after the role has been asked whether it may."""

    @functools.wraps(run)
    def ran(state: Any, raw: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:
        from ministack.services import stepfunctions
        from ministack.services.stepfunctions import _ExecutionError

        machine = execution["stateMachineArn"]
        arn = (stepfunctions._state_machines.get(machine) or {}).get("roleArn", "")
        if rights.ENFORCED and arn:
            principal, reader = rights.role(arn, "states"), state.get("ItemReader") or {}
            given = stepfunctions._resolve_params_obj(reader.get("Parameters") or {}, effective, ctx)
            bucket = f"arn:aws:s3:::{given.get('Bucket', '')}"
            asked = {"s3:ListBucket": [bucket]} if reader.get("Resource", "").endswith("listObjectsV2") else {}
            if said := rights.refused(principal, asked):
                raise _ExecutionError("States.ItemReaderFailed", said)
            if said := rights.refusal(principal, "states:StartExecution", [machine]):
                raise _ExecutionError("StepFunctions.AWSStepFunctionsException", said)
        return run(state, raw, effective, iterator, execution, ctx)

    return ran


def _crawl_asked(start: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
    """Return a function that starts a crawler, which fails at once where its role may not do what a crawl needs."""

    @functools.wraps(start)
    def started(data: dict[str, Any]) -> Answer:
        from ministack.core.responses import json_response
        from ministack.services import glue

        crawler = glue._crawlers.get(data.get("Name"))
        said = _refused_crawl(crawler) if rights.ENFORCED and crawler and crawler["State"] != "RUNNING" else ""
        if not said:
            return start(data)
        crawler["LastCrawl"] = {"Status": "FAILED", "ErrorMessage": said, "LogGroup": "/aws-glue/crawlers"}
        answer: Answer = json_response({})
        return answer

    return started


def _refused_crawl(crawler: Mapping[str, Any]) -> str:
    from ministack.core.responses import get_account_id, get_region

    arn = str(crawler.get("Role", ""))
    principal = rights.role(arn, "AWS-Crawler") if arn.startswith("arn:") else None
    where = f"arn:aws:glue:{get_region()}:{get_account_id()}"
    database = crawler.get("DatabaseName", "")
    catalogue = (f"{where}:catalog", f"{where}:database/{database}", f"{where}:table/{database}/any")
    asked: dict[str, Sequence[str]] = dict.fromkeys(_CRAWLING, catalogue)
    for target in (crawler.get("Targets") or {}).get("S3Targets", ()):
        bucket, _, prefix = target["Path"].removeprefix("s3://").partition("/")
        asked |= {action: [f"arn:aws:s3:::{bucket}"] for action in ("s3:GetBucketLocation", "s3:ListBucket")}
        asked["s3:GetObject"] = [f"arn:aws:s3:::{bucket}/{prefix}any"]
    return rights.refused(principal, asked)


def install() -> None:
    """Put the questions before what MiniStack makes and runs."""
    from ministack.services import glue, lambda_svc, stepfunctions

    machine = {"Role": "roleArn", "Definition": "definition", "LoggingConfiguration": "loggingConfiguration"}
    function = {"Role": "Role", "TracingConfig": "TracingConfig", "VpcConfig": "VpcConfig"}
    lambda_svc._create_function = _asked(lambda_svc._create_function, "lambda", function)
    stepfunctions._create_state_machine = _asked(stepfunctions._create_state_machine, "states", machine)
    glue._create_crawler = _asked(glue._create_crawler, "glue", {"Role": "Role"})
    stepfunctions._execute_task = _as_role(stepfunctions._execute_task)
    stepfunctions._invoke_resource = _task_asked(stepfunctions._invoke_resource)
    stepfunctions._run_distributed_map = _map_asked(stepfunctions._run_distributed_map)
    glue._start_crawler = _crawl_asked(glue._start_crawler)
