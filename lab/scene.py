"""The lab's scene: hosts, certificates, the border controller, two phones, a softswitch.

    alice 192.0.2.11 ──┐                              ┌── desk, a softswitch 198.51.100.21
       TLS, SRTP       ├── Ringwall 192.0.2.1 :5061   │      TCP, SRTP
    bob   192.0.2.12 ──┘            198.51.100.1 :5060┘
                                    203.0.113.1 :5060 ───── outside 203.0.113.31, untrusted

A name service at 192.0.2.53 knows ringwall.test, which stands in Ringwall's Contact.
"""
import pathlib
import shutil

from lab import pki
from lab.border import Border
from lab.capture import Capture
from lab.names import NameService
from lab.network import Network
from lab.phone import Phone

BORDER = {"phones": "192.0.2.1", "softswitch": "198.51.100.1", "outside": "203.0.113.1"}
ALICE, BOB, DESK, OUTSIDE = "192.0.2.11", "192.0.2.12", "198.51.100.21", "203.0.113.31"
NAME_SERVER = "192.0.2.53"
NAMES = {ALICE: "alice", BOB: "bob", DESK: "desk", OUTSIDE: "outside"}
PASSWORDS = {"alice": "wonderland", "bob": "builder"}  # as in ringwall.conf
TARGETS = {"alice": "sip:alice@ringwall.test", "bob": "sip:bob@ringwall.test", "desk": "sip:desk@switch.test"}
_INSIDE = ["192.0.2.0/24", "198.51.100.0/24"]


def _reaches(address: str) -> list[str]:
    """Inside, audio goes straight from end to end: both networks see each other."""
    return [network for network in _INSIDE if address.split(".")[0] != network.split(".")[0]]


class Scene:
    def __init__(self, folder: pathlib.Path, program: pathlib.Path, media_encryption: str = "srtp-mand") -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder, self.network = folder, Network()
        self.network.add("sbc", [f"{address}/24" for address in BORDER.values()])
        for address, name in NAMES.items():
            self.network.add(name, [f"{address}/24"], [] if name == "outside" else _reaches(address))
        self.network.add("names", [f"{NAME_SERVER}/24"], _reaches(NAME_SERVER))
        self._names = NameService(self.network, "names", NAME_SERVER, {"ringwall.test": BORDER["phones"]})
        self.captures = {name: Capture(self.network, name, folder / f"{name}.pcap") for name in ("sbc", *NAMES.values())}
        self.phones: dict[str, Phone] = {}
        self._make_certificates()
        shutil.copy(pathlib.Path(__file__).with_name("ringwall.conf"), folder)
        self.border = Border(self.network, "sbc", program, folder, folder / "ringwall.conf")
        self.border.wait_ready()
        self._start_phones(media_encryption)

    def _make_certificates(self) -> None:
        authority = pki.Authority(self.folder / "pki")
        authority.issue("sbc", ["URI:sip:ringwall.test", "DNS:ringwall.test", "DNS:sbc.ringwall.test"],
                        "serverAuth,clientAuth")
        authority.issue("alice", ["URI:sip:alice@ringwall.test"], "clientAuth")

    def _start_phones(self, media_encryption: str) -> None:
        menc = f";mediaenc={media_encryption}" if media_encryption else ""
        for name, address in (("alice", ALICE), ("bob", BOB)):
            account = (f'<sip:{name}@ringwall.test;transport=tls>;auth_user={name};auth_pass={PASSWORDS[name]};'
                       f'regint=120;answermode=auto;audio_codecs=PCMU{menc};'
                       f'outbound="sip:{BORDER["phones"]}:5061;transport=tls"')
            self.phones[name] = Phone(self.network, name, address, self.folder / name, account,
                                      name_server=NAME_SERVER,
                                      certificate=self.folder / "pki/alice.pem" if name == "alice" else None)
        self.phones["desk"] = Phone(
            self.network, "desk", DESK, self.folder / "desk",
            f'<sip:desk@switch.test;transport=tcp>;regint=0;answermode=auto;audio_codecs=PCMU;mediaenc=srtp-mand;'
            f'outbound="sip:{BORDER["softswitch"]}:5060;transport=tcp"', name_server=NAME_SERVER)
        for phone in self.phones.values():
            phone.connect()

    def wait_registered(self) -> None:
        for name in PASSWORDS:
            self.phones[name].wait_registered()

    def stop(self) -> int:
        """Ends everything; the exit status of ringwall-sbc."""
        for phone in self.phones.values():
            phone.stop()
        status = self.border.stop()
        for capture in self.captures.values():
            capture.stop()
        self._names.stop()
        self.network.close()
        return status
