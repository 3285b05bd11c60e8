"""What `sam local invoke` needs to know, so that a function in a container reaches the embedded AWS."""

import ipaddress
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from cli.embedded.endpoint import ACCOUNT, Endpoint
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError

# This machine's name inside a container: Docker Desktop defines it; on Linux samconfig.toml does.
HOST: Final = "host.docker.internal"
_INSPECT: Final = ("docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")


def bridge() -> str | None:
    """Return the address at which containers reach this machine; None where they reach its loopback interface.

    Raises
    ------
    CliError
        There is no Docker, or it does not answer.
    """
    try:
        process = subprocess.run(_INSPECT, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise CliError("`docker` was not found", "Install Docker, or leave --docker out.") from error
    except subprocess.TimeoutExpired as error:
        raise CliError("Docker did not answer within a minute", "Restart Docker, or leave --docker out.") from error
    if process.returncode:
        message = (process.stderr.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        raise CliError(f"Docker does not answer: {message}", "Start Docker, or leave --docker out.")
    if sys.platform != "linux":
        return None  # Docker Desktop forwards to the loopback interface by itself
    network = json.loads(process.stdout)[0]
    # The daemon names a gateway only if one was configured; otherwise it is the first address.
    return network.get("Gateway") or str(ipaddress.ip_network(network["Subnet"])[1])


def hand_over(server: EmbeddedAws, endpoint: Endpoint, bucket: str) -> Path:
    """Write the file with the variables of functions in containers, which samconfig.toml has `sam local invoke` read.

    Returns
    -------
    Path
        The file.
    """
    variables = {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{endpoint.port}",
        "LAKE_ACCOUNT": ACCOUNT,
        "LAKE_BUCKET": bucket,
    }
    file = server.home.parent / "docker.json"
    file.write_text(json.dumps({"Parameters": variables}, indent=2) + "\n", "utf-8")
    return file
