"""`importau portal`: one page that shows the lakehouse, written to a file, served, or published to the bucket."""

import os
import sys
import webbrowser
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli import options
from cli.commands.export import published_runs
from cli.contents import export_record
from cli.errors import CliError, UsageError, explain
from cli.portal.page import filled, template
from cli.session import Aws, connect
from cli.terminal import present
from lakehouse.lake import layout

FILE: Final = Path("out/portal.html")
HOST: Final = "127.0.0.1"
PORT: Final = 8765
_LINK_SECONDS: Final = 3600
# What every page has near its beginning.
_TITLE: Final = "<title>IMPORTAÚ Lakehouse</title>".encode()
_HEAD: Final = 4096
# One of them is set where a person sees windows, or has said which browser to use.
_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")


def portal(  # noqa: PLR0913, PLR0917 - an argument an option
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the page goes.")] = FILE,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve it on this machine instead, read anew at every visit.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="N", parser=options.whole("--port", 0, 65535), help="For --serve; 0 takes a free one."
        ),
    ] = PORT,
    publish: Annotated[
        bool, typer.Option("--publish", help="Also put it into the bucket, and print a link that holds for an hour.")
    ] = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Build one self-contained page: lineage map, assets, quality, pipelines, costs, dashboards.

    It needs no server and no network, so it can be opened from a file, mailed, or published to the bucket.
    """
    if serve and publish:
        raise UsageError("--serve and --publish are two ways to show the page", "Choose one of them.")
    file = output.expanduser()
    if not serve:
        claim_page(file)
    aws = connect(local, stack, region, profile)
    if serve:
        _serve(aws, port, show)
        return
    page = build(aws)
    write(page, file)
    warn_of_another(aws, file)
    if publish:
        aws.s3.put_object(
            Bucket=aws.bucket, Key=layout.PORTAL_KEY, Body=page.encode(), ContentType="text/html; charset=utf-8",
            CacheControl="no-cache",
        )  # fmt: skip
        link = aws.s3.generate_presigned_url(
            "get_object", Params={"Bucket": aws.bucket, "Key": layout.PORTAL_KEY}, ExpiresIn=_LINK_SECONDS
        )
        present.done(f"published to {aws.uri(layout.PORTAL_KEY)}")
        present.out.print(link, markup=False)
    if show:
        _open(file.resolve().as_uri(), f"open {file} in a browser")


def build(aws: Aws) -> str:
    """Return the page of a lakehouse as it is now."""
    from cli.portal.document import gather

    with present.step("portal") as tell:
        page = template(tell)
        tell("reading the lakehouse")
        return filled(page, gather(aws, datetime.now(UTC)))


def claim_page(file: Path) -> None:
    """Raise `UsageError` where a file is there that is no portal: it would be lost."""
    try:
        with file.open("rb") as content:
            head = content.read(_HEAD)
    except OSError:
        return  # it is not there, or writing it will say why it cannot be
    if head and _TITLE not in head:
        raise UsageError(
            f"{file} is there, and is no portal: it would be overwritten",
            "Name another file (--output FILE), or move that one away.",
        )


def warn_of_another(aws: Aws, file: Path) -> None:
    """Say so where the page lies beside an export of other runs."""
    try:
        beside = export_record.read(file.parent)
    except UsageError:
        return  # no export lies there
    if beside is not None and (beside.lake != f"s3://{aws.bucket}" or dict(beside.runs) != published_runs(aws)):
        present.warn(f"the tables beside it are another export's ({beside}), not what the page shows")


def write(page: str, file: Path) -> None:
    """Write the page to a file, whole or not at all; raise `UsageError` where that is not allowed."""
    beside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(page, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise UsageError(f"{error.filename or file} cannot be written: {error.strerror}") from error
    present.done(f"the portal is in {file} ({present.size(len(page.encode()))}); open it in a browser")


def _open(address: str, instead: str) -> None:
    """Open a page in the browser; say what to do instead where there is none, or only one for text."""
    graphical = sys.platform == "darwin" or any(os.environ.get(name) for name in _SCREENS)
    try:
        opened = graphical and webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        present.warn(f"no browser could be opened here; {instead}")


def _serve(aws: Aws, port: int, show: bool) -> None:
    """Serve the page until it is interrupted."""
    build(aws)  # what cannot work says so before anybody visits
    try:
        server = ThreadingHTTPServer((HOST, port), handler(aws))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", "Name another one: --port 0.") from error
    with server:
        address = f"http://{HOST}:{server.server_port}/"
        present.done(f"serving {address} (Ctrl-C ends it)")
        if show:
            _open(address, f"visit {address}")
        server.serve_forever()


def handler(aws: Aws) -> type[BaseHTTPRequestHandler]:
    """Return what answers a visit with the page as the lakehouse is then; only to visits of this machine itself."""

    class Handler(BaseHTTPRequestHandler):
        """Answers with the page as the lakehouse is now."""

        def do_GET(self) -> None:
            # Another site's page must not read this one through a name that resolves to this machine.
            if self.headers.get("Host", "").rpartition(":")[0] not in {HOST, "localhost"}:
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path != "/":
                self.send_error(HTTPStatus.NOT_FOUND)
            else:
                self._page()

        def _page(self) -> None:
            status = HTTPStatus.OK
            from cli.portal.document import gather

            try:
                text = filled(template(), gather(aws, datetime.now(UTC)))
            except CliError as error:
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, f"{error.message}\n{error.fix}"
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
