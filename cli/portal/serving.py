"""A server of the page on this machine, which reads the lakehouse again for every request."""

from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CliError, explain
from cli.portal.page import filled, template
from cli.session import Aws
from cli.terminal import present
from lakehouse.errors import LakehouseError

HOST: Final = "127.0.0.1"


def handler(aws: Aws, version: int | None = None) -> type[BaseHTTPRequestHandler]:
    """Return the handler of requests for the page of a version, which answers only requests from this machine."""

    class Handler(BaseHTTPRequestHandler):
        """Answers a request with the page of the lakehouse as it is now."""

        def do_GET(self) -> None:
            # Another site's page must not read this one by way of a name that resolves to this machine.
            if self.headers.get("Host", "").rpartition(":")[0] not in {HOST, "localhost"}:
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
            else:
                self._page()

        def _page(self) -> None:
            status = HTTPStatus.OK
            from cli.portal.document import whole

            try:
                text = filled(template(), whole(aws, datetime.now(UTC), version))
            except CliError as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, f"{error.message}\n{error.fix}"
            except LakehouseError as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, str(error)
            except (BotoCoreError, ClientError) as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, str(explain(error))
            body = text.encode()
            kind = "html" if status is HTTPStatus.OK else "plain"
            self.send_response(status)
            self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            present.say(format % args)

    return Handler
