"""A server or far end whose every message the test says itself: what other programs do not say, or not when they are told."""
import collections
import contextlib
import math
import re
import select
import socket
import struct
import threading
import time

from system_test import SystemTest

from lab.waiting import Overdue

_PORT, AUDIO_PORT = 5060, 40000
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
            "o": "event", "k": "supported"}


class Message:
    def __init__(self, text: str) -> None:
        head, _, self.body = text.partition("\r\n\r\n")
        self.start, *lines = head.split("\r\n")
        self.method = "" if self.start.startswith("SIP/2.0") else self.start.split()[0]
        self.status = int(self.start.split()[1]) if not self.method else 0
        self._fields = collections.defaultdict(list)
        for line in lines:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self._fields[_COMPACT.get(name, name)].append(value.strip())

    def __str__(self) -> str:
        return f"{self.start} (CSeq {self['CSeq']})"

    def __getitem__(self, name: str) -> str:
        """All of its values; empty where there is none."""
        return ", ".join(self._fields[name.lower()])

    @property
    def uri(self) -> str:
        return self.start.split()[1]

    @property
    def contact(self) -> str:
        return re.search(r"<([^>]+)>", self["Contact"])[1]

    def is_again(self, other: "Message") -> bool:
        return (self.start, self["CSeq"], self["Via"]) == (other.start, other["CSeq"], other["Via"])


class SipPeer:
    """On a host that is there already. Over TCP the first connection is the one, and the phone opens it."""

    def __init__(self, test: SystemTest, host: str, address: str, transport: str = "UDP") -> None:
        self.address, self.transport = address, transport
        self._test, self._host = test, host
        self._stream: socket.socket | None = None
        self._buffer = ""
        self._taken: list[Message] = []
        self._asked = 0
        self._remote = None
        self.by_itself: dict[str, int] = {}  # the statuses of requests that no test waits for
        self._socket = test.network.socket(host, socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM)
        test.addCleanup(self._close)
        self._socket.bind((address, _PORT))
        if transport == "TCP":
            self._socket.listen()

    def _close(self) -> None:
        for end in (self._stream, self._socket):
            if end:
                end.close()

    # What it says.

    def _send(self, text: str) -> None:
        if self._has_stream(5):
            self._stream.sendall(text.encode())
        else:
            self._socket.sendto(text.encode(), self._remote)

    def _say(self, start: str, fields: list[tuple[str, str]], body: str) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields if value)
        self._send(f"{start}\r\n{lines}Content-Length: {len(body)}\r\n\r\n{body}")

    @property
    def contact(self) -> str:
        return f"<sip:peer@{self.address}:{_PORT};transport={self.transport.lower()}>"

    def answer(self, request: Message, status: int, body: str = "", **fields: str) -> None:
        """Within a dialog, the To has its tag already. An underscore in a field's name is a hyphen."""
        tag = "" if status == 100 or ";tag=" in request["To"] else ";tag=peer"
        more = {"Content_Type": "application/sdp", **fields} if body else fields
        self._say(f"SIP/2.0 {status} Said",
                  [*((name, request[name]) for name in ("Via", "From")), ("To", request["To"] + tag),
                   *((name, request[name]) for name in ("Call-ID", "CSeq")), ("Contact", self.contact * ("Contact" not in fields)),
                   *((name.replace("_", "-"), value) for name, value in more.items())], body)

    def turn_to(self, address: str) -> None:
        """Whom it asks from now on."""
        self._remote = (address, _PORT)

    def ask(self, method: str, uri: str, sender: str, receiver: str, call_id: str, body: str = "", cseq: int | None = None,
            **fields: str) -> int:
        """Returns its number in CSeq. Its Contact is ours, unless `fields` has one."""
        self._asked += 1
        number = cseq or self._asked
        via = f"SIP/2.0/{self.transport} {self.address}:{_PORT};branch=z9hG4bK-{method}-{self._asked}"
        self._say(f"{method} {uri} SIP/2.0",
                  [("Via", via), ("Max-Forwards", "70"), ("From", sender), ("To", receiver), ("Call-ID", call_id),
                   ("CSeq", f"{number} {method}"), ("Contact", self.contact * ("Contact" not in fields)),
                   *((name.replace("_", "-"), value) for name, value in fields.items())], body)
        return number

    def notify(self, subscribe: Message, kind: str, body: str) -> None:
        """Within the subscription that `answer` has accepted; until it is answered."""
        self.ask("NOTIFY", subscribe.contact, subscribe["To"] + ";tag=peer", subscribe["From"], subscribe["Call-ID"], body,
                 Event=subscribe["Event"], Subscription_State="active;expires=600", Content_Type=kind)
        self.expect_status(200, "NOTIFY")

    def notify_unasked(self, address: str, event: str, kind: str, body: str) -> None:
        """Our phone's alice; until it is answered."""
        self._remote = (address, _PORT)
        self._call("NOTIFY", address, "unasked@x", "", body, Event=event, Subscription_State="active", Content_Type=kind)
        self.expect_status(200, "NOTIFY")

    def invite(self, address: str, call_id: str, **fields: str) -> None:
        """Our phone's alice, from the number 300."""
        self._remote = (address, _PORT)
        self._call("INVITE", address, call_id, "", self.description, Content_Type="application/sdp", **fields)

    def acknowledge(self, address: str, response: Message) -> None:
        tag = response["To"].partition(";tag=")[2]
        self._call("ACK", address, response["Call-ID"], tag, cseq=int(response["CSeq"].split()[0]))

    def _call(self, method: str, address: str, call_id: str, tag: str, body: str = "", **more) -> None:
        self.ask(method, f"sip:alice@{address}", f"<sip:300@{self.address}>;tag=caller",
                 f"<sip:alice@{address}>" + (f";tag={tag}" if tag else ""), call_id, body, **more)

    @property
    def description(self) -> str:
        return (f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                f"m=audio {AUDIO_PORT} RTP/AVP 0\r\na=sendrecv\r\n")

    # What it hears.

    def _hear(self, seconds: float) -> Message | None:
        """The next message; None where none is whole yet."""
        if self.transport == "TCP" and not self._has_stream(seconds):
            return None
        if (message := self._whole()) is None:
            end = self._stream or self._socket
            if not select.select([end], [], [], seconds)[0]:
                return None
            block, remote = end.recvfrom(65536)
            if self._stream and not block:
                raise Overdue(f"the phone has closed the connection to {self.address}")
            self._remote = remote or self._remote
            self._buffer += block.decode()
            message = self._whole()
        return message

    def _has_stream(self, seconds: float) -> bool:
        """Over TCP, once the phone has opened it."""
        if self._stream is None and self.transport == "TCP" and select.select([self._socket], [], [], seconds)[0]:
            self._stream = self._socket.accept()[0]
        return self._stream is not None

    def _whole(self) -> Message | None:
        """Out of the buffer."""
        head, blank, rest = self._buffer.lstrip("\r\n\0").partition("\r\n\r\n")
        length = int(Message(head)["Content-Length"] or 0) if blank else 0
        if not blank or len(rest) < length:
            return None
        self._buffer = rest[length:]
        return Message(head + blank + rest[:length])

    def _expect(self, what: str, is_it, seconds: float) -> Message:
        heard = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self._hear(left)
            if message is None or any(message.is_again(taken) for taken in self._taken):
                continue
            self._taken.append(message)
            heard.append(str(message))
            if is_it(message):
                return message
            if message.method in self.by_itself:
                self.answer(message, self.by_itself[message.method])
        raise Overdue(f"{what} did not come to {self.address} within {seconds:g} s, but {heard}\n{self._test.logs()}")

    def expect(self, method: str, seconds: float = 5) -> Message:
        """The next request of that method; all others before it are dropped, repetitions as well."""
        return self._expect(method, lambda message: message.method == method, seconds)

    def expect_final(self, method: str, seconds: float = 5) -> Message:
        return self._expect(f"a final answer to {method}", lambda message: message.status >= 200
                            and message["CSeq"].endswith(" " + method), seconds)

    def expect_status(self, status: int, method: str, seconds: float = 5) -> Message:
        return self._expect(f"{status} to {method}", lambda message: message.status == status
                            and message["CSeq"].endswith(" " + method), seconds)


class Tone:
    """Plays 440 Hz as PCMU from AUDIO_PORT of that host until `stop`."""

    def __init__(self, test: SystemTest, host: str, address: str, description: str, pitch: int = 440) -> None:
        """To where that description says."""
        to = (re.search(r"c=IN IP4 (\S+)", description)[1], int(re.search(r"m=audio (\d+)", description)[1]))
        self._socket = test.network.socket(host, socket.SOCK_DGRAM)
        self._socket.bind((address, AUDIO_PORT))
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._play, args=(to, pitch), daemon=True)
        self._thread.start()
        test.addCleanup(self.stop)

    def _play(self, to: tuple[str, int], pitch: int) -> None:
        for number in range(3000):
            samples = (8000 * math.sin(2 * math.pi * pitch * (160 * number + n) / 8000) for n in range(160))
            packet = struct.pack("!BBHII", 0x80, 0, number, 160 * number, 0x1234) + bytes(map(_ulaw, samples))
            with contextlib.suppress(OSError):  # nobody listens any more
                self._socket.sendto(packet, to)
            if self._is_over.wait(0.02):
                return

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()


def _ulaw(sample: float) -> int:
    """ITU-T G.711."""
    sign, magnitude = (0x80 if sample < 0 else 0), min(abs(int(sample)), 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF
