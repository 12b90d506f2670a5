"""rtpengine as the media engine: in user space, told by its ng protocol over UDP."""
import pathlib
import secrets
import socket
import subprocess

from lab.network import Network
from lab.waiting import Overdue, wait_for

PORT = 2223


class MediaEngine:
    """On a host with `address`, and `more` for media alone; it answers when this returns."""

    def __init__(self, network: Network, host: str, address: str, folder: pathlib.Path, *more: str) -> None:
        self._network, self._host, self.address = network, host, address
        self._interfaces = [f"--interface={each}" for each in (address, *more)]
        self.log = folder / "rtpengine.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = self._network.start(
                self._host,
                ["rtpengine", "--table=-1", "--config-file=none", "--foreground", "--log-stderr", "--log-level=6",
                 *self._interfaces, f"--listen-ng={self.address}:{PORT}",
                 "--port-min=30000", "--port-max=30999"],
                stdout=log, stderr=subprocess.STDOUT)
        control = self._network.socket(self._host, socket.SOCK_DGRAM)
        control.settimeout(0.2)

        def answers():
            if self._process.poll() is not None:
                raise Overdue(f"rtpengine ended at its start: {self.log.read_text(errors='replace')[-600:]}")
            cookie = secrets.token_hex(8).encode()
            try:
                control.sendto(cookie + b" d7:command4:pinge", (self.address, PORT))
                return control.recv(65536).startswith(cookie)
            except OSError:  # nobody listens there yet
                return False
        try:
            wait_for("an answer of rtpengine", answers)
        finally:
            control.close()

    def kill(self) -> None:
        """No farewell."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
