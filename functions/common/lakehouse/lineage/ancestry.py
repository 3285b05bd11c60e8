"""Whose step a run is: the execution that it is a step of, and the root of all, the one that somebody started. Pure."""

from openlineage.client.generated.parent_run import Job, ParentRunFacet, Root, RootJob, RootRun, Run

from lakehouse.lineage.names import Place, run_uuid
from lakehouse.orchestration.stepfunctions import machine_of_execution


def parent_facet(place: Place, execution: str, machine: str, root: str) -> ParentRunFacet:
    """Return the facet that makes a run a step of an execution.

    Parameters
    ----------
    place : Place
    execution, machine : str
        The execution's ARN, and the name of its state machine.
    root : str
        The ARN of the execution that somebody started; empty where that is the same.
    """
    of_root = machine_of_execution(root) if root and root != execution else machine
    return ParentRunFacet(
        run=Run(run_uuid(execution)),
        job=Job(place.job_namespace, machine),
        root=Root(RootRun(run_uuid(root or execution)), RootJob(place.job_namespace, of_root)),
    )
