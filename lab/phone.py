"""A baresip as a phone or softswitch: its configuration, its process, its control connection."""
import dataclasses
import json
import pathlib
import re
import socket
import subprocess
import threading
import wave

from lab.network import Network
from lab.waiting import Overdue, wait_for

_MODULES = "/usr/lib/baresip/modules"
_CONFIG = """\
poll_method epoll
sip_listen {address}:5060
{certificate}
{names}
call_local_timeout 60
call_max_calls 8
audio_player aubridge,{name}
audio_source ausine,{tone}
audio_alert aubridge,{name}-alert
ausrc_channels 2
ausrc_srate 48000
rtp_ports 10000-20000
rtcp_mux no
net_interface eth0
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:4444
module_path {modules}
{codecs}
module srtp.so
module dtls_srtp.so
module ausine.so
module aubridge.so
{recorder}
module_tmp uuid.so
module_tmp account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
"""


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@dataclasses.dataclass
class TracedMessage:
    """A message in baresip's own trace (`-s`)."""
    is_sent: bool
    start_line: str
    text: str

    @property
    def sdp(self) -> str:
        return self.text.partition("\r\n\r\n")[2] if "application/sdp" in self.text else ""


class Phone:
    def __init__(self, network: Network, name: str, address: str, folder: pathlib.Path, account: str, *,
                 certificate: pathlib.Path | None = None, name_server: str = "", codecs: tuple[str, ...] = ("g711",),
                 tone: int = 440, records: bool = True) -> None:
        """`tone` is what it plays, in Hz."""
        self.name, self.address, self.folder, self.tone = name, address, folder, tone
        self._network = network
        self._events: list[dict] = []
        self._responses: dict[str, dict] = {}
        self._token = 0
        self._control: socket.socket | None = None
        folder.mkdir(parents=True, exist_ok=True)
        is_ipv6 = ":" in address
        (folder / "config").write_text(_CONFIG.format(
            address=f"[{address}]" if is_ipv6 else address, name=name, tone=self.tone, folder=folder, modules=_MODULES,
            names=f"dns_server {name_server}:53" if name_server else "",
            codecs="\n".join(f"module {codec}.so" for codec in codecs), recorder="module sndfile.so" if records else "",
            certificate=f"sip_certificate {certificate}" if certificate else ""))
        (folder / "accounts").write_text(account + "\n")
        (folder / "contacts").write_text("")
        self.log = folder / "baresip.log"
        with self.log.open("wb") as log:
            self._process = network.start(name, ["baresip", "-6" if is_ipv6 else "-4", "-s", "-f", str(folder), "-p",
                                                 "/usr/share/baresip"], stdout=log, stderr=subprocess.STDOUT)

    # Control.

    def connect(self) -> None:
        """Opens the control connection, once baresip listens."""
        def connected():
            if self._process.poll() is not None:
                raise Overdue(f"baresip of {self.name} ended at its start: see {self.log}")
            control = self._network.socket(self.name, socket.SOCK_STREAM)
            try:
                control.connect(("127.0.0.1", 4444))
            except ConnectionRefusedError:
                control.close()
                return None
            return control
        self._control = wait_for(f"baresip of {self.name} taking commands", connected)
        threading.Thread(target=self._read, args=(self._control,), daemon=True).start()

    def _read(self, control: socket.socket) -> None:
        pending = b""
        while block := self._receive(control):
            pending += block
            while match := re.match(rb"(\d+):", pending):
                end = match.end() + int(match[1])
                if len(pending) <= end:
                    break
                message = json.loads(pending[match.end():end])
                pending = pending[end + 1:]
                if "token" in message:
                    self._responses[message["token"]] = message
                elif message.get("event"):
                    self._events.append(message)

    @staticmethod
    def _receive(control: socket.socket) -> bytes:
        try:
            return control.recv(65536)
        except OSError:  # closed by stop()
            return b""

    def command(self, command: str, parameters: str = "") -> str:
        """Runs one of baresip's commands and returns what it prints."""
        self._token += 1
        token = str(self._token)
        text = json.dumps({"command": command, "params": parameters, "token": token}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))
        answer = wait_for(f"an answer of {self.name} to {command}", lambda: self._responses.pop(token, None))
        return answer.get("data", "")

    def dial(self, target: str) -> None:
        self._events.clear()
        self.command("dial", target)

    def hang_up(self) -> None:
        self.command("hangup")

    def press(self, key: str) -> None:
        """In its call."""
        self.command("sndcode", key)

    # What has happened.

    def events(self, kind: str) -> list[dict]:
        return [event for event in list(self._events) if event.get("type") == kind]

    def wait_registered(self, seconds: float = 15) -> None:
        # A line of the command: "> sip:alice@ringwall.test   OK  Expires 120s".
        wait_for(f"registration of {self.name}",
                 lambda: re.search(r"\bOK\b", _without_colours(self.command("reginfo"))), seconds)

    def wait_established(self, seconds: float = 15) -> None:
        def established():
            if closed := self.events("CALL_CLOSED"):
                raise Overdue(f"the call of {self.name} ended: {closed[0].get('param', '')}")
            return self.events("CALL_ESTABLISHED")
        wait_for(f"an answered call at {self.name}", established, seconds)

    def wait_closed(self, seconds: float = 15) -> str:
        """The reason of the end, in baresip's words ("403 Forbidden", "Connection reset by peer")."""
        return wait_for(f"the end of the call at {self.name}",
                        lambda: self.events("CALL_CLOSED"), seconds)[0].get("param", "")

    def forget(self) -> None:
        """Events up to now do not count for the next call."""
        self._events.clear()

    def trace(self) -> list[TracedMessage]:
        text = _without_colours(self.log.read_bytes().decode("utf-8", "replace"))
        messages = []
        marks = list(re.finditer(r"^#\n(?:TLS|TCP|UDP) \S+ -> \S+\n?", text, re.MULTILINE))
        for mark, following in zip(marks, [*marks[1:], None]):
            body = text[mark.end():following.start() if following else len(text)]
            source = mark.group().split()[2]
            messages.append(TracedMessage(source.startswith(self.address + ":"), body.split("\r\n")[0], body))
        return messages

    def recording(self) -> pathlib.Path | None:
        """What was heard in the last call, as a WAV file."""
        return max(self.folder.glob("dump-*-dec.wav"), default=None)

    def heard(self) -> tuple[list[int], int]:
        """The same: samples, and how many a second."""
        with wave.open(str(self.recording())) as recording:
            samples = memoryview(recording.readframes(recording.getnframes())).cast("h")
            return samples[::recording.getnchannels()].tolist(), recording.getframerate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
