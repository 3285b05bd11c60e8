"""What AWS says when it refuses to make something, and what to do about it, where its text does not tell."""

import re
from typing import Final

_OF_STAGE: Final = r"(?:StateMachine_DAG_|importau[-_](?!lakehouse))"
# By AWS's own text.
_REASONS: Final = (
    (
        re.compile(r"not authorized to create managed-rule"),
        "The execution role may not make the rule by which Step Functions hears of an execution's end: allow it "
        "events:PutRule, events:PutTargets and events:DescribeRule on "
        "StepFunctionsGetEventsForStepFunctionsExecutionRule.",
    ),
    (
        re.compile(r"not authorized to access the Log Destination"),
        "The execution role may not deliver logs: deploy with --parameter StateMachineLogLevel=OFF, or allow it "
        "logs:CreateLogDelivery and the others of docs/permissions.md.",
    ),
    (
        re.compile(r"does not have permissions to call PutTraceSegments"),
        "The execution role may not write traces: deploy with --parameter XRayTracing=PassThrough, or allow it "
        "xray:PutTraceSegments.",
    ),
    (
        re.compile(r"does not have permissions to call CreateNetworkInterface"),
        "The execution role may not join the VPC: allow it ec2:CreateNetworkInterface and the others of "
        "docs/permissions.md.",
    ),
    (
        re.compile(r"cannot be assumed by Lambda|authorized to assume the provided role|unable to assume"),
        "The execution role's trust policy does not name the service: docs/permissions.md has the one that it needs.",
    ),
    (
        re.compile(r"Insufficient Lake Formation permission"),
        "Lake Formation governs the database: grant the execution role ALL on it and its tables, and "
        "DATA_LOCATION_ACCESS on the bucket (aws lakeformation grant-permissions).",
    ),
    (
        re.compile(r"explicit deny in a service control policy|no service control policy allows"),
        "The organization's policies (SCP) refuse it: try another region (--region NAME), or ask whoever manages the "
        "organization.",
    ),
    (
        # What is named after its stage, and not after its stack.
        re.compile(rf"(?is){_OF_STAGE}.*already ?exists|already ?exists.*{_OF_STAGE}"),
        "Another stack of this account and region has the lakehouse of this stage: deploy that one (--stack NAME), "
        "take it down (`./importau destroy --stack NAME`), or deploy another stage (--stage dev, hom or prod).",
    ),
    (
        re.compile(r"permissions boundary"),
        "A permission boundary refuses it: it has to allow the action, too.",
    ),
)  # fmt: skip


def advice(message: str) -> str:
    """Return what to do about a refusal of AWS's, a line a reason; empty where it is none that is known.

    >>> advice("The state machine IAM Role is not authorized to access the Log Destination").split(":")[0]
    'The execution role may not deliver logs'
    """
    return "\n".join(fix for pattern, fix in _REASONS if pattern.search(message))
