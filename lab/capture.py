"""What passes on a host's link: kept for the checks, and written as a pcap file for people."""
import dataclasses
import ipaddress
import pathlib
import select
import socket
import struct
import threading
import time

from lab.network import Network

_ETH_P_ALL = 0x0003
_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


@dataclasses.dataclass(frozen=True)
class Packet:
    protocol: str  # "tcp" or "udp"
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes
    type_of_service: int


def parse_frame(frame: bytes) -> Packet | None:
    """A UDP or TCP packet over Ethernet, over IPv4 or over IPv6 without extension headers; None for anything else."""
    kind, internet = frame[12:14], frame[14:]
    if kind == b"\x08\x00" and len(internet) >= 20:
        internet = internet[:int.from_bytes(internet[2:4], "big")]
        header, protocol, marks, addresses = (internet[0] & 0x0F) * 4, internet[9], internet[1], internet[12:20]
    elif kind == b"\x86\xdd" and len(internet) >= 40:
        internet = internet[:40 + int.from_bytes(internet[4:6], "big")]
        header, protocol, addresses = 40, internet[6], internet[8:40]
        marks = int.from_bytes(internet[:2], "big") >> 4 & 0xFF
    else:
        return None
    transport = internet[header:]
    name = {6: "tcp", 17: "udp"}.get(protocol)
    if name is None or len(transport) < 8:
        return None
    start = 8 if name == "udp" else (transport[12] >> 4) * 4 if len(transport) >= 20 else len(transport)
    source_port, destination_port = struct.unpack("!HH", transport[:4])
    middle = len(addresses) // 2
    source, destination = (str(ipaddress.ip_address(each)) for each in (addresses[:middle], addresses[middle:]))
    return Packet(name, source, source_port, destination, destination_port, transport[start:], marks)


def read_pcap(path: pathlib.Path) -> list[Packet]:
    content, at, packets = path.read_bytes(), len(_FILE_HEADER), []
    while at + 16 <= len(content):
        length = struct.unpack_from("<I", content, at + 8)[0]
        if packet := parse_frame(content[at + 16:at + 16 + length]):
            packets.append(packet)
        at += 16 + length
    return packets


class PcapFile:
    def __init__(self, path: pathlib.Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._file.write(_FILE_HEADER)

    def write(self, frame: bytes) -> None:
        now = time.time()
        self._file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)) + frame)

    def close(self) -> None:
        self._file.close()


class Capture:
    """Runs from its making until `stop`."""

    def __init__(self, network: Network, host: str, path: pathlib.Path) -> None:
        self.path = path
        self._packets: list[Packet] = []
        self._file = PcapFile(path)
        self._socket = network.socket(host, socket.SOCK_RAW, socket.AF_PACKET, socket.htons(_ETH_P_ALL))
        self._socket.bind(("eth0", _ETH_P_ALL))
        self._socket.setblocking(False)
        self._is_stopped = False
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._is_stopped:
            select.select([self._socket], [], [], 0.2)
            self._take()

    def _take(self) -> None:
        """All that has come by now."""
        with self._turn:
            while self._socket.fileno() >= 0:  # else it was stopped, and took what there was
                try:
                    frame = self._socket.recv(262144)
                except BlockingIOError:
                    return
                self._file.write(frame)
                if packet := parse_frame(frame):
                    self._packets.append(packet)

    def mark(self) -> int:
        """A place in what is captured: "from here on"."""
        self._take()
        return len(self._packets)

    def since(self, mark: int) -> list[Packet]:
        """All that has gone over the wire since then, up to now."""
        self._take()
        return self._packets[mark:]

    def stop(self) -> None:
        self._is_stopped = True
        self._thread.join()
        self._take()
        self._socket.close()
        self._file.close()
