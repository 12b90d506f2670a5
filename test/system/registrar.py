"""A Kamailio as the registrar and proxy of a domain: whoever knows "secret-of-USER" is USER."""
from kamailio import Kamailio
from phone_test import PhoneTest, profile
from system_test import SystemTest

from lab import ear
from lab.capture import Capture
from lab.ringwall_phone import RingwallPhone

DOMAIN = "sip.test"
ALICE, BOB = "192.0.2.11", "192.0.2.12"

_ROUTES = """\
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("@DOMAIN@", "secret-of-$au", "0")) { www_challenge("@DOMAIN@", "1"); exit; }
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
        if (!pv_proxy_authenticate("@DOMAIN@", "secret-of-$au", "0")) { proxy_challenge("@DOMAIN@", "1"); exit; }
        consume_credentials();
    }
    record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
}
"""


def start_registrar(test: SystemTest, host: str, address: str, domain: str) -> Kamailio:
    return Kamailio(test, host, address, domain, _ROUTES)


class AtKamailio(PhoneTest):
    """Alice and Bob have accounts there."""

    def account(self, user: str, transport: str, *, phone: dict | None = None, **line: str) -> str:
        return profile({"Custom_CA_File": str(self.authority.certificate), **(phone or {})},
                       {"SIP_Transport": transport, "Proxy": DOMAIN, "User_ID": user, "Password": f"secret-of-{user}", **line})

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
