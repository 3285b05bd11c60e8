"""The pipeline's definition for tests that stand in for its parts."""

import json

GOVERNANCE = ("Crawl", "Govern", "Governed", "GovernanceFailed")


def ungoverned(definition: str) -> str:
    """Return the pipeline's ASL without crawlers and governance, which run for real in the e2e tests."""
    machine = json.loads(definition)
    machine["States"]["Gold"]["Next"] = "Finished"
    del machine["States"]["Finished"]["Parameters"]["governance.$"]
    del machine["States"]["Defaults"]["Parameters"]["defaults"]["crawlers"]
    for state in (*GOVERNANCE, "ReadLambdaFault", "LambdaFailed"):
        del machine["States"][state]
    del machine["States"]["Steps"]["Choices"][1]  # to governance alone
    del machine["States"]["ReadFault"]["Choices"][1]  # of a Lambda's fault
    return json.dumps(machine)
