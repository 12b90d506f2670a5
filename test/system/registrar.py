"""A Kamailio as the registrar and proxy of a domain: whoever knows "secret of USER" is USER."""
import subprocess

from phone_test import PhoneTest, profile
from system_test import SystemTest

from lab import ear
from lab.capture import Capture
from lab.ringwall_phone import RingwallPhone

DOMAIN = "sip.test"
ALICE, BOB = "192.0.2.11", "192.0.2.12"

_CONFIGURATION = """\
#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
disable_core_dump=yes
children=1
socket_workers=1
tcp_children=1
listen=udp:@ADDRESS@:5060
listen=tcp:@ADDRESS@:5060
listen=tls:@ADDRESS@:5061
enable_tls=yes
auto_aliases=no
alias="@DOMAIN@"
dns=no
rev_dns=no
dns_try_ipv6=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
modparam("tls", "config", "@FOLDER@/tls.cfg")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 5)
modparam("registrar|nathelper", "received_avp", "$avp(received)")

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("@DOMAIN@", "secret of $au", "0")) { www_challenge("@DOMAIN@", "1"); exit; }
        if ($proto != "udp") { fix_nated_register(); }
        save("location");
        exit;
    }
    if (has_totag()) {
        if (!loose_route()) { sl_send_reply("404", "Not Here"); exit; }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { t_relay(); exit; }
    if ($fd == "@DOMAIN@") {
        if (!pv_proxy_authenticate("@DOMAIN@", "secret of $au", "0")) { proxy_challenge("@DOMAIN@", "1"); exit; }
        consume_credentials();
    }
    record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
}
"""
_TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = @FOLDER@/../pki/registrar.key
certificate = @FOLDER@/../pki/registrar.crt
ca_list = @FOLDER@/../pki/ca.crt
"""


class Registrar:
    """For tests on a host that is there; the certificate bears the domain."""

    def __init__(self, test: SystemTest, host: str, address: str, domain: str) -> None:
        self._test, self._host = test, host
        self._folder = test.folder / f"kamailio-{host}"
        self._folder.mkdir()
        if not (test.folder / "pki/registrar.crt").exists():
            test.authority.issue("registrar", [f"URI:sip:{domain}", f"DNS:{domain}"], "serverAuth,clientAuth")
        for name, text in (("kamailio.cfg", _CONFIGURATION), ("tls.cfg", _TLS)):
            for key, value in (("FOLDER", self._folder), ("ADDRESS", address), ("DOMAIN", domain)):
                text = text.replace(f"@{key}@", str(value))
            (self._folder / name).write_text(text)
        self._process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self._process = self._test.start(self._host, ["kamailio", "-DD", "-m", "32", "-M", "8", "-Y", str(self._folder),
                                                      "-f", str(self._folder / "kamailio.cfg")], start_new_session=True)
        self._test.wait_listening(self._process, "tcp", 5061)

    def kill(self) -> None:
        """All of it, as a machine that loses its power, but for the kernel's farewell to its connections."""
        for child in subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True,
                                    check=False).stdout.split():
            subprocess.run(["kill", "-9", child], check=False, stderr=subprocess.DEVNULL)
        self._process.kill()
        self._process.wait()


class AtKamailio(PhoneTest):
    """Alice and Bob have accounts there."""

    def account(self, user: str, transport: str, *, phone: dict | None = None, **line: str) -> str:
        return profile({"Custom_CA_File": str(self.authority.certificate), **(phone or {})},
                       {"SIP_Transport": transport, "Proxy": DOMAIN, "User_ID": user, "Password": f"secret of {user}", **line})

    def two_phones(self, transport: str, **settings) -> tuple[RingwallPhone, RingwallPhone]:
        phones = (self.phone("alice", ALICE, self.account("alice", transport, **settings), tone=440),
                  self.phone("bob", BOB, self.account("bob", transport, **settings)))
        for phone in phones:
            phone.wait_registered()
        return phones

    def call(self, caller: RingwallPhone, callee: RingwallPhone, capture: Capture) -> list[ear.Stream]:
        """By its number; what both sent. The callee hangs up."""
        mark = capture.mark()
        callee.forget()
        caller.dial(callee.name)
        caller.wait_established()
        callee.wait_established()
        streams = self.wait_audio(capture, mark, caller.address, callee.address)
        callee.hang_up()
        caller.wait_closed()
        callee.wait_closed()
        self.assert_heard(caller, callee.tone)
        self.assert_heard(callee, caller.tone)
        return streams
