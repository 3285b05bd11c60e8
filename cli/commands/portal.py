"""`importau portal`: one page that shows the lakehouse, written to a file, served, or published to the bucket."""

import os
import sys
import webbrowser
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import options
from cli.errors import UsageError
from cli.portal.file import FILE, claim_page, warn_of_another, write
from cli.portal.page import filled, template
from cli.portal.serving import HOST, handler
from cli.session import Aws, connect
from cli.terminal import present
from lakehouse.lake import layout

PORT: Final = 8765
_LINK_SECONDS: Final = 3600
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
    version: options.Version = None,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Build one self-contained page: lineage map, assets, quality, pipelines, costs, dashboards.

    It needs no server and no network, so it can be opened from a file, mailed, or published to the bucket.
    """
    if serve and publish:
        raise UsageError("--serve and --publish are two ways to show the page", "Choose one of them.")
    if publish and version is not None:
        raise UsageError(
            "the published page is of the newest version, so --publish takes no --version", "Leave one out."
        )
    file = output.expanduser()
    if not serve:
        claim_page(file)
    aws = connect(local, stack, region, profile, stage)
    if serve:
        _serve(aws, port, show, version)
        return
    page = build(aws, version)
    write(page, file)
    warn_of_another(aws, file, version)
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


def build(aws: Aws, version: int | None) -> str:
    """Return the page of a version of a lakehouse, by default the newest one."""
    from cli.portal.document import whole

    with present.step("portal") as tell:
        page = template(tell)
        tell("reading the lakehouse")
        return filled(page, whole(aws, datetime.now(UTC), version))


def _open(address: str, instead: str) -> None:
    """Open a page in the browser; say what to do instead where there is none, or only one for text."""
    graphical = sys.platform == "darwin" or any(os.environ.get(name) for name in _SCREENS)
    try:
        opened = graphical and webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        present.warn(f"no browser could be opened here; {instead}")


def _serve(aws: Aws, port: int, show: bool, version: int | None) -> None:
    """Serve the page until it is interrupted."""
    build(aws, version)  # what cannot work says so before anybody visits
    try:
        server = ThreadingHTTPServer((HOST, port), handler(aws, version))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", "Name another one: --port 0.") from error
    with server:
        address = f"http://{HOST}:{server.server_port}/"
        present.done(f"serving {address} (Ctrl-C ends it)")
        if show:
            _open(address, f"visit {address}")
        server.serve_forever()
