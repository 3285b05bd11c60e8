"""The embedded AWS within reach of Docker's containers: the program that `importau local up --docker` starts.

The embedded AWS answers on the loopback interface alone, which a container does not have. On Linux a container reaches
this machine at the address of Docker's bridge, and only containers of this machine do. There this program listens as
well, on the same port, and forwards connections. It is run by its path, so it imports nothing of the project.
"""

import os
import runpy
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_LOOPBACK: Final = "127.0.0.1"
_PIECE: Final = 65536


def listen(address: str, port: int, onto: int) -> socket.socket:
    """Forward connections from an address of this machine to its loopback interface.

    Parameters
    ----------
    address : str
    port : int
        Where to listen; at any free port when it is 0.
    onto : int
        The port of the loopback interface.

    Returns
    -------
    socket.socket
        The listener; connections are forwarded until it is closed.

    Raises
    ------
    OSError
        The address is not this machine's, or the port is taken.
    """
    listener = socket.create_server((address, port))
    threading.Thread(target=_serve, args=(listener, onto), daemon=True).start()
    return listener


def _serve(listener: socket.socket, onto: int) -> None:
    with suppress(OSError):  # the listener is closed
        while True:
            inner, _ = listener.accept()
            try:
                outer = socket.create_connection((_LOOPBACK, onto))
            except OSError:  # nothing answers there, or not yet
                inner.close()
                continue
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # otherwise every small request would wait for 40 ms
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def main(address: str) -> None:
    """Listen for containers, and run the embedded AWS."""
    port = int(os.environ["GATEWAY_PORT"])
    try:
        listen(address, port, port)
    except OSError as error:
        sys.exit(f"{address}, Docker's bridge, is not an address of this machine (rootless Docker?): {error.strerror}")
    runpy.run_path(str(Path(__file__).with_name("standin.py")), run_name="__main__")


if __name__ == "__main__":
    main(sys.argv.pop(1))
