"""A ringwall-phone: its profile, its process, its control (JSON over HTTP on its host's 127.0.0.1).

What it is asked is what lab.phone asks of a baresip, so that calls do not care which one it is."""
import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import wave

from lab.network import Network
from lab.waiting import Overdue, wait_for

_CONTROL = 8080


class Refused(Overdue):
    """The phone says no, in a sentence."""


class RingwallPhone:
    def __init__(self, network: Network, name: str, address: str, folder: pathlib.Path, program: pathlib.Path,
                 profile: str, *, tone: int = 440, auto_answer: bool = True, records: bool = True, card: str = "",
                 **options) -> None:
        """`card` is a device of ALSA that it speaks and listens at, in place of the tone; `options` are its process's."""
        self.name, self.address, self.folder, self.tone = name, address, folder, tone
        self._network = network
        self._mark = 0  # the last event that does not count any more
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "profile.conf").write_text(profile)
        self.log = folder / "phone.log"
        with self.log.open("ab") as log:
            self._process = network.start(
                name, [str(program), "--config", str(folder / "profile.conf"), "--control", str(_CONTROL),
                       *(["--source", f"device:{card}", "--sink", f"device:{card}"] if card else ["--source", f"tone:{tone}"]),
                       *(["--record", str(folder)] if records else []),
                       *(["--auto-answer"] if auto_answer else [])],
                stdout=log, stderr=subprocess.STDOUT, **options)

    # Control.

    def connect(self) -> None:
        """Waits until it takes commands."""
        def listens():
            if not self.is_running():
                raise Overdue(f"ringwall-phone of {self.name} ended at its start: "
                              f"{self.log.read_text(errors='replace').strip()[-600:]}")
            try:
                return self.state()
            except (ConnectionRefusedError, Refused):  # not yet, or not quite
                return None
        wait_for(f"ringwall-phone of {self.name} taking commands", listens)

    def ask(self, path: str, body: dict | None = None):
        """GET, or POST where there is a body."""
        connection = http.client.HTTPConnection("127.0.0.1", _CONTROL, timeout=10)
        connection.sock = self._network.socket(self.name, socket.SOCK_STREAM)
        try:
            connection.sock.settimeout(10)
            connection.sock.connect(("127.0.0.1", _CONTROL))
            if body is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            said = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status != 200:
            raise Refused(f"{self.name} does not {path}: {said.get('error', response.status)}")
        return said

    def state(self) -> dict:
        return self.ask("/state")

    def line(self, number: int = 1) -> dict:
        return next(line for line in self.state()["lines"] if line["line"] == number)

    def dial(self, target: str, line: int = 1) -> int:
        self.forget()
        return self.ask("/dial", {"line": line, "to": target})["call"]

    def calls(self) -> list[dict]:
        """Those that have not ended."""
        return [call for call in self.state()["calls"] if call["state"] != "ended"]

    def hang_up(self) -> None:
        for call in self.calls():
            with contextlib.suppress(Refused):  # the other side was quicker
                self.ask(f"/calls/{call['call']}/hangup", {})

    # What has happened.

    def events(self) -> list[dict]:
        return self.ask(f"/events?after={self._mark}")

    def forget(self) -> None:
        """Events up to now do not count for the next call."""
        self._mark = max((event["event"] for event in self.events()), default=self._mark)

    def wait_registered(self, seconds: float = 15, line: int = 1) -> None:
        try:
            wait_for(f"registration of {self.name}", lambda: self.line(line)["registered"], seconds)
        except Overdue as overdue:
            raise Overdue(f"{overdue}: {self.line(line)['problem'] or 'nothing said'}") from None

    def wait_up(self, seconds: float = 15, line: int = 1) -> None:
        """The line can call, registered or not."""
        wait_for(f"the connection of {self.name}", lambda: self.line(line)["state"] == "up", seconds)

    def _calls_in(self, state: str) -> list[dict]:
        return [event for event in self.events() if "call" in event and event.get("state") == state]

    def wait_ringing(self, seconds: float = 15) -> int:
        return wait_for(f"a call that rings at {self.name}", lambda: self._calls_in("ringing"), seconds)[-1]["call"]

    def wait_established(self, seconds: float = 15, call: int | None = None) -> dict:
        """Of that call, where there are others: what is told of a hold is told late."""
        def established():
            if ended := self._calls_in("ended"):
                raise Overdue(f"the call of {self.name} ended: {ended[0]['status']} {ended[0]['reason']}")
            return [event for event in self._calls_in("active") if call in (None, event["call"])]
        return wait_for(f"an answered call at {self.name}", established, seconds)[-1]

    def wait_closed(self, seconds: float = 15) -> str:
        """The status and reason of the end."""
        ended = wait_for(f"the end of the call at {self.name}", lambda: self._calls_in("ended"), seconds)[-1]
        return f"{ended['status']} {ended['reason']}".strip()

    def recording(self) -> pathlib.Path | None:
        """Of the last call: left what was said, right what was heard."""
        return max(self.folder.glob("call-*.wav"), default=None,
                   key=lambda file: int(re.search(r"call-(\d+)", file.name)[1]))

    def heard(self) -> tuple[list[int], int]:
        """What was heard in the last call, which has ended: samples, and how many a second."""
        def read():
            # It is written in the background, and its header last.
            with contextlib.suppress(EOFError, wave.Error), wave.open(str(self.recording())) as recording:
                samples = memoryview(recording.readframes(recording.getnframes())).cast("h")
                return samples and (samples[1::2].tolist(), recording.getframerate())
        return wait_for(f"the recording of {self.name}", read, 5)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """No farewell."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 8) -> int:
        """Ends it in an orderly way; returns its exit status, negative when a signal ended it."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()
