"""The lifetime of the embedded AWS for a command that needs it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from cli.embedded.endpoint import Endpoint
from cli.embedded.server import EmbeddedAws
from cli.terminal import present


@contextmanager
def lasting(server: EmbeddedAws, keep_running: bool) -> Iterator[Endpoint]:
    """Keep the embedded AWS running for the length of a block.

    It is stopped afterwards, whatever happens, unless it ran before, or the block succeeded and ``keep_running``.

    Parameters
    ----------
    server : EmbeddedAws
    keep_running : bool
        Whether it stays up after a success.
    """
    running = server.status()
    if running is not None:
        present.say(f"the embedded AWS is up already at {running.url}; it stays up")
        yield running
        return
    with present.step("embedded AWS up"):
        endpoint = server.start()
    stays = False
    try:
        yield endpoint
        stays = keep_running
    finally:
        if not stays:
            # A second Ctrl-C, of an impatient user, would leave the server behind.
            impatience = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                server.stop()
            finally:
                signal.signal(signal.SIGINT, impatience)
