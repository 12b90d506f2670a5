"""The lab's scene: hosts, certificates, the border controller, phones, a softswitch.

    alice 192.0.2.11 ──┐                              ┌── desk, a softswitch 198.51.100.21
    bob   192.0.2.12 ──┤                              │      TCP, SRTP
       baresip         ├── Ringwall 192.0.2.1 :5061   │
    carol 192.0.2.13 ──┤            198.51.100.1 :5060┴── trunk 198.51.100.22
    dave  192.0.2.14 ──┘                     |               UDP, RTP in the clear
       ringwall-phone                        |
    all: TLS, SRTP                  203.0.113.1 :5060 ───── outside 203.0.113.31, untrusted

rtpengine at 192.0.2.77 stands between the media of the trunk and of whoever talks with it.

A name service at 192.0.2.53 knows ringwall.test, which stands in Ringwall's Contact and in the
profiles of Carol's and Dave's phones.
"""
import pathlib
import shutil
import subprocess

from lab import network, pki
from lab.border import Border
from lab.capture import Capture
from lab.names import NameService
from lab.network import Network
from lab.phone import Phone
from lab.ringwall_phone import RingwallPhone
from lab.rtpengine import MediaEngine

BORDER = {"phones": "192.0.2.1", "softswitch": "198.51.100.1", "outside": "203.0.113.1"}
ALICE, BOB, CAROL, DAVE = (f"192.0.2.{number}" for number in range(11, 15))
DESK, TRUNK, OUTSIDE = "198.51.100.21", "198.51.100.22", "203.0.113.31"
NAME_SERVER, ENGINE = "192.0.2.53", "192.0.2.77"
NAMES = {ALICE: "alice", BOB: "bob", CAROL: "carol", DAVE: "dave", DESK: "desk", TRUNK: "trunk", OUTSIDE: "outside"}
ADDRESSES = {name: address for address, name in NAMES.items()}
PASSWORDS = {"alice": "wonderland", "bob": "builder", "carol": "singer", "dave": "diver"}  # as in ringwall.console
TARGETS = {**{name: f"sip:{name}@ringwall.test" for name in PASSWORDS}, "desk": "sip:desk@switch.test",
           "trunk": "sip:trunk@trunk.test"}
_INSIDE = ["192.0.2.0/24", "198.51.100.0/24"]

# Of Carol's and Dave's phones. They answer nobody but Ringwall, and Dave's wants a proof that it is.
_PROFILE = """\
Restricted_Access_Domains "ringwall.test" ;
Custom_CA_File            "{pki}/ca.crt" ;
Client_Certificate_File   "{pki}/{name}.crt" ;
Client_Private_Key_File   "{pki}/{name}.key" ;
SIP_Transport[1]          "TLS" ;
Proxy[1]                  "ringwall.test" ;
User_ID[1]                "{name}" ;
Password[1]               "{password}" ;
Register_Expires[1]       "120" ;
Auth_INVITE[1]            "{auth_invite}" ;
"""


def _reaches(address: str) -> list[str]:
    """Inside, audio goes straight from end to end: both networks see each other."""
    return [network for network in _INSIDE if address.split(".")[0] != network.split(".")[0]]


class Scene:
    def __init__(self, folder: pathlib.Path, program: pathlib.Path, phone_program: pathlib.Path,
                 media_encryption: str = "srtp-mand") -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder, self.network = folder, Network()
        network.set_names({}, folder, NAME_SERVER)
        self.network.add("sbc", [f"{address}/24" for address in BORDER.values()])
        for address, name in NAMES.items():
            self.network.add(name, [f"{address}/24"], [] if name == "outside" else _reaches(address))
        self.network.add("names", [f"{NAME_SERVER}/24"], _reaches(NAME_SERVER))
        self.network.add("engine", [f"{ENGINE}/24"], _reaches(ENGINE))
        self._names = NameService(self.network, "names", NAME_SERVER, {"ringwall.test": BORDER["phones"]})
        self.captures = {name: Capture(self.network, name, folder / f"{name}.pcap") for name in ("sbc", *NAMES.values())}
        self.phones: dict[str, Phone | RingwallPhone] = {}
        self._make_certificates()
        self.engine = MediaEngine(self.network, "engine", ENGINE, folder)
        self.border = Border(self.network, "sbc", program, folder)
        self.border.wait_ready()
        self.border.configure(pathlib.Path(__file__).with_name("ringwall.console"))
        self._start_phones(media_encryption)
        self._start_own_phones(phone_program)
        for phone in self.phones.values():
            phone.connect()

    def renew_certificate(self) -> None:
        """Ringwall's, as a program that renews certificates does: in the same files."""
        self._authority.issue("sbc", ["URI:sip:ringwall.test", "DNS:ringwall.test", "DNS:sbc.ringwall.test"],
                              "serverAuth,clientAuth")

    def certificate(self) -> str:
        return (self.folder / "pki/sbc.crt").read_text().strip()

    def shown_certificate(self, who: str) -> str:
        """What Ringwall shows to whoever connects from there."""
        done = self.network.run(who, ["openssl", "s_client", "-connect", f"{BORDER['phones']}:5061", "-showcerts"],
                                stdin=subprocess.DEVNULL, timeout=20)
        begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        return begin + done.stdout.partition(begin)[2].partition(end)[0] + end

    def _make_certificates(self) -> None:
        self._authority = authority = pki.Authority(self.folder / "pki")
        self.renew_certificate()
        for name in ("alice", "carol", "dave"):
            authority.issue(name, [f"URI:sip:{name}@ringwall.test"], "clientAuth")

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
        self.phones["trunk"] = Phone(
            self.network, "trunk", TRUNK, self.folder / "trunk",
            f'<sip:trunk@trunk.test;transport=udp>;regint=0;answermode=auto;audio_codecs=PCMU;'
            f'outbound="sip:{BORDER["softswitch"]}:5060;transport=udp"', tone=660, name_server=NAME_SERVER)

    def _start_own_phones(self, program: pathlib.Path) -> None:
        for name, address, tone, auth_invite in (("carol", CAROL, 440, "No"), ("dave", DAVE, 660, "Yes")):
            profile = _PROFILE.format(pki=self.folder / "pki", name=name, password=PASSWORDS[name], auth_invite=auth_invite)
            self.phones[name] = RingwallPhone(self.network, name, address, self.folder / name, program, profile, tone=tone)

    def wait_registered(self) -> None:
        for name in PASSWORDS:
            self.phones[name].wait_registered()

    def stop(self) -> int:
        """Ends everything; the exit status of ringwall-sbc."""
        for phone in self.phones.values():
            phone.stop()
        status = self.border.stop()
        self.engine.kill()
        for capture in self.captures.values():
            capture.stop()
        self._names.stop()
        self.network.close()
        network.forget_names()
        return status
