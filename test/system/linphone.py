"""A linphonec: the foreign phone that speaks SIPS and verifies the server's certificate."""
import math
import os
import pathlib
import struct
import subprocess
import wave

from lab.network import Network
from lab.waiting import wait_for

_CONFIGURATION = """\
[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=5061
default_proxy=0
root_ca={authority}
verify_server_certs=1
verify_server_cn=1
media_encryption=srtp
media_encryption_mandatory=1
guess_hostname=1
contact="{name}" <sips:{name}@{address}>
[net]
mtu=1300
[proxy_0]
reg_proxy=<sips:{domain}:5061;transport=tls>
reg_identity=sips:{name}@{domain}
reg_expires=120
reg_sendregister=1
publish=0
[auth_info_0]
username={name}
passwd={password}
realm={domain}
domain={domain}
"""


# Called by its address, over UDP.
_WITHOUT_SERVER = """\
[sip]
sip_port=5060
sip_tcp_port=-1
sip_tls_port=-1
media_encryption={encryption}
media_encryption_mandatory={is_mandatory}
{suites}
use_rfc2833={uses_events}
use_info={uses_info}
guess_hostname=1
contact="{name}" <sip:{name}@{address}>
[net]
mtu=1300
"""
# Registered over UDP, with audio in the clear.
_AT_REGISTRAR = """\
[sip]
sip_port=5060
sip_tcp_port=-1
sip_tls_port=-1
default_proxy=0
guess_hostname=1
contact="{name}" <sip:{name}@{address}>
[net]
mtu=1300
[proxy_0]
reg_proxy=<sip:{domain};transport=udp>
reg_identity=sip:{name}@{domain}
reg_expires=120
reg_sendregister=1
publish=0
[auth_info_0]
username={name}
passwd={password}
realm={domain}
domain={domain}
"""

ITS_TONE = 440  # Hz: what it plays in these tests


def write_wav(path: pathlib.Path, samples: list[int]) -> None:
    """8000 a second: what it takes to play."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def write_tone(path: pathlib.Path, seconds: int = 60) -> None:
    write_wav(path, [round(8000 * math.sin(2 * math.pi * ITS_TONE * n / 8000)) for n in range(8000)] * seconds)


class Linphone:
    """It is registered over TLS; or `at_registrar` over UDP, or `without_server`."""

    def __init__(self, network: Network, name: str, address: str, folder: pathlib.Path, domain: str, password: str,
                 authority: pathlib.Path) -> None:
        self._start(network, name, folder, _CONFIGURATION.format(
            name=name, address=address, domain=domain, password=password, authority=authority))

    @classmethod
    def without_server(cls, network: Network, name: str, address: str, folder: pathlib.Path, encryption: str,
                       suites: str = "", *, uses_info: bool = False) -> "Linphone":
        """`encryption` is "none" or "srtp", which then has to be; by these suites of SRTP, if not by those it likes.
        Its keys go by INFO, or else by RFC 4733."""
        phone = cls.__new__(cls)
        phone._start(network, name, folder, _WITHOUT_SERVER.format(
            name=name, address=address, encryption=encryption, is_mandatory=int(encryption != "none"),
            uses_events=int(not uses_info), uses_info=int(uses_info), suites=f"srtp_crypto_suites={suites}" if suites else ""))
        return phone

    @classmethod
    def at_registrar(cls, network: Network, name: str, address: str, folder: pathlib.Path, domain: str,
                     password: str) -> "Linphone":
        """It is registered over UDP."""
        phone = cls.__new__(cls)
        phone._start(network, name, folder, _AT_REGISTRAR.format(name=name, address=address, domain=domain, password=password))
        return phone

    def _start(self, network: Network, name: str, folder: pathlib.Path, configuration: str) -> None:
        self.name = name
        # It does not make the folder of its database, and says so for ever.
        (folder / ".local/share/linphone").mkdir(parents=True)
        (folder / "linphonerc").write_text(configuration)
        self.output, self.log = folder / "output", folder / "log"
        with self.output.open("wb") as output:
            self._process = network.start(
                name, ["linphonec", "-d", "6", "-l", str(self.log), "-c", str(folder / "linphonerc")],
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""})
        self.command("soundcard use files")

    def command(self, text: str) -> None:
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_said(self, text: str, seconds: float = 15) -> None:
        wait_for(f"{text!r} at {self.name}", lambda: text in self.said(), seconds)

    def wait_registered(self, seconds: float = 15) -> None:
        wait_for(f"registration of {self.name}",
                 lambda: "LinphoneRegistrationOk" in self.messages(), seconds)

    def messages(self) -> str:
        """Everything that it sent and received, among other lines of its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        if self._process.poll() is None:
            try:
                self.command("quit")
                self._process.wait(5)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                self._process.kill()
        self._process.wait()
        self._process.stdin.close()
