"""The endpoint of the embedded AWS on the loopback interface, and the variables that make clients use it."""

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final

from cli.errors import CliError

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
# Any will do: signatures are asked for, and compared where policies are enforced.
_SECRET: Final = "test"  # noqa: S105
LOOPBACK: Final = "127.0.0.1"
NO_PROXY: Final = f"{LOOPBACK},localhost"
# A proxy from the environment must not come between us and the loopback interface.
_HTTP: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EmbeddedAwsError(CliError):
    """The embedded AWS did not start, stop or answer."""


@dataclass(frozen=True)
class Endpoint:
    """A running embedded AWS.

    Attributes
    ----------
    port, pid : int
    """

    port: int
    pid: int

    @property
    def url(self) -> str:
        """The value for AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that make boto3, the AWS CLI and the SAM CLI talk to this server.

        They do not undo an AWS_PROFILE or AWS_SESSION_TOKEN of the caller's: `process_environment` does.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": NO_PROXY,
            "no_proxy": NO_PROXY,
        }

    def answers(self) -> bool:
        """Whether the server is up."""
        try:
            with _HTTP.open(f"{self.url}/_ministack/ready", timeout=2):
                return True
        except OSError:
            return False

    def make_bucket(self, name: str) -> None:
        """Make a bucket where there is none of that name; no client, so no profile of the caller's can interfere.

        Raises
        ------
        EmbeddedAwsError
            The server has a bucket of that name without an owner: it was killed before it could store that.
        """
        try:
            self._request("PUT", f"/{name}", seconds=10)
        except urllib.error.HTTPError as error:
            raise EmbeddedAwsError(
                f"the embedded AWS refuses the bucket {name} (HTTP {error.code}): it was killed, and lost a part of "
                "what it knew",
                "Start afresh: `./importau local reset`.",
            ) from error

    def reset(self) -> None:
        """Forget everything; raise `OSError` when the server does not answer."""
        self._request("POST", "/_ministack/reset", seconds=30)

    def _request(self, method: str, path: str, seconds: float) -> None:
        request = urllib.request.Request(self.url + path, method=method, headers=self._signed(method, path))  # noqa: S310
        with _HTTP.open(request, timeout=seconds):
            pass

    def _signed(self, method: str, path: str) -> dict[str, str]:
        """Return the headers of a request that the account itself makes, as S3 wants them."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest(method, self.url + path)
        S3SigV4Auth(Credentials(ACCOUNT, _SECRET), "s3", REGION).add_auth(request)
        return dict(request.headers.items())

    def process_environment(self) -> dict[str, str]:
        """Return the environment for a child process: this one's, with its AWS and SAM variables replaced."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return kept | self.environment()
