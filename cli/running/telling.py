"""Telling lineage how executions ended: whoever follows one to its end hears it first, and keeps it in the lake.

What nobody follows, the next governance tells, in the same words: it reads every execution.
"""

from botocore.exceptions import ClientError

from cli.running.machines import MACHINES
from cli.session import Aws
from lakehouse.clients import together
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.lineage.runs import Runs
from lakehouse.lineage.table_run import Origin
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.orchestration.stepfunctions import Execution, StateMachines, machine_of_execution

# Who may run a pipeline and not write what lineage keeps leaves it to governance.
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "403"})


def tell(aws: Aws, arn: str) -> None:
    """Keep the lineage events of an execution that has ended, and of those that it started.

    Parameters
    ----------
    aws : Aws
    arn : str
        Of the execution.
    """
    _, _, _, region, account, *_, run = arn.split(":")
    names = [machine_name(machine, aws.stage) for machine in MACHINES]
    # An execution that another one starts has its name.
    arns = [arn.replace(f":{machine_of_execution(arn)}:{run}", f":{name}:{run}") for name in names]
    place = Place(region, account, aws.bucket, aws.stage)
    runs = Runs(Lake(aws.bucket, aws.s3), place, Origin(run, arn, machine_of_execution(arn), ""))
    try:
        runs.tell(each for each in together(lambda each: _read(aws, each), arns) if each is not None)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise


def _read(aws: Aws, arn: str) -> Execution | None:
    """Return an execution; None where there is none."""
    states = StateMachines(aws.states)
    entry = states.described(arn)
    if entry is None:
        return None
    machines = states.deployed([entry["stateMachineArn"]])
    return states.read(machines[0], entry) if machines else None
