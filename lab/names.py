"""The name service of the lab: addresses of a few names (RFC 1035), and no for everything else.

baresip looks up the name in our Contact there; it does not look into /etc/hosts."""
import contextlib
import ipaddress
import socket
import struct
import threading

from lab.network import Network

_A, _INTERNET = 1, 1


def answer(query: bytes, names: dict[str, str]) -> bytes | None:
    """The response to a query with one question; None when it is no such query."""
    if len(query) < 17 or query[2] & 0x80 or query[4:6] != b"\x00\x01":
        return None
    labels, at = [], 12
    while at < len(query) and (length := query[at]) and length < 64:
        labels.append(query[at + 1:at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    question = query[12:at + 5]
    if len(query) < at + 5:
        return None
    kind = struct.unpack_from("!H", query, at + 1)[0]
    name = ".".join(labels)
    records = b""
    if name in names and kind == _A:
        records = (struct.pack("!HHHIH", 0xC00C, _A, _INTERNET, 60, 4)
                   + ipaddress.IPv4Address(names[name]).packed)
    no_such_name = 0 if name in names else 3
    return query[:2] + struct.pack("!HHHHH", 0x8580 | no_such_name, 1, 1 if records else 0, 0, 0) + question + records


class NameService:
    """Answers on port 53 of a host until `stop`."""

    def __init__(self, network: Network, host: str, address: str, names: dict[str, str]) -> None:
        self._names = names
        self._socket = network.socket(host, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._socket.settimeout(0.2)
        self._is_stopped = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_stopped:
            with contextlib.suppress(TimeoutError):
                query, peer = self._socket.recvfrom(4096)
                if response := answer(query, self._names):
                    self._socket.sendto(response, peer)

    def stop(self) -> None:
        self._is_stopped = True
        self._thread.join()
        self._socket.close()
