#!/usr/bin/python3
"""Who may talk to ringwall-phone: strangers' INVITE, OPTIONS and NOTIFY get no byte where the phone is restricted, and a
listed server's are answered by the same phone. The packets on the phone's link are the proof."""
import contextlib
import re
import socket
import time

from phone_test import PhoneTest, main, profile, wait_for

PHONE, SERVER, STRANGER = "192.0.2.11", "192.0.2.31", "192.0.2.66"
NAME_SERVER = "192.0.2.53"
DESCRIPTION = "v=0\r\no=- 1 1 IN IP4 {own}\r\ns=-\r\nc=IN IP4 {own}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
METHODS = ("INVITE", "OPTIONS", "NOTIFY", "REGISTER", "BYE")


def request(method: str, own: str, transport: str, number: int) -> bytes:
    body = DESCRIPTION.format(own=own) if method == "INVITE" else ""
    fields = {"INVITE": "Content-Type: application/sdp\r\n", "NOTIFY": "Event: message-summary\r\n"}.get(method, "")
    return (f"{method} sip:alice@{PHONE}:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/{transport} {own}:5060;branch=z9hG4bK-{method}-{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:mallory@{own}>;tag=1\r\nTo: <sip:alice@{PHONE}>\r\n"
            f"Call-ID: {method}-{number}@{own}\r\nCSeq: 1 {method}\r\nContact: <sip:mallory@{own}>\r\n"
            f"{fields}Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Strangers(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record=sip.test,{SERVER}")
        for name, address in (("server", SERVER), ("stranger", STRANGER), ("alice", PHONE)):
            self.network.add(name, [f"{address}/24"])
        self.wire = self.capture("alice")
        self.asked = 0

    def start_phone(self, transport: str, phone: dict, **line: str):
        return self.phone("alice", PHONE, profile(phone, {
            "SIP_Transport": transport, "Proxy": "sip.test", "User_ID": "alice", "Password": "wonderland",
            "Register": "No", "Ans_Call_Without_Reg": "Yes", **line}), auto_answer=False)

    def ask_by_udp(self, host: str, own: str) -> dict[str, int]:
        """The first final or provisional status to each method; those without an answer are left out."""
        statuses = {}
        self.asked += 1
        with self.network.socket(host, socket.SOCK_DGRAM) as end:
            end.bind((own, 5060))
            end.settimeout(0.1)
            for method in METHODS:
                for _ in range(2):  # a repetition is no better
                    end.sendto(request(method, own, "UDP", self.asked), (PHONE, 5060))
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline and len(statuses) < len(METHODS):
                with contextlib.suppress(TimeoutError):
                    text = end.recv(65536).decode()
                    statuses.setdefault(re.search(r"CSeq: 1 (\S+)", text)[1], int(text.split()[1]))
        return statuses

    def ask_by_tcp(self, host: str, own: str) -> bytes:
        """Whatever comes back."""
        heard = b""
        with self.network.socket(host, socket.SOCK_STREAM) as end, contextlib.suppress(OSError):
            end.settimeout(1)
            end.connect((PHONE, 5060))
            for method in METHODS:
                end.sendall(request(method, own, "TCP", 1))
            while block := end.recv(65536):
                heard += block
        return heard

    def assert_silent(self) -> None:
        self.assertTrue(any(each.source == STRANGER for each in self.wire.since(0)), "nothing was asked")
        self.assertEqual(self.payloads(self.wire.since(0), PHONE, STRANGER), [])
        self.assertEqual([each for each in self.wire.since(0) if (each.source, each.destination, each.protocol)
                          == (PHONE, STRANGER, "udp")], [])

    def wait_server_is_known(self) -> None:
        """By then the phone has the addresses of what it is restricted to."""
        wait_for("an answer to the server", lambda: self.ask_by_udp("server", SERVER), 10)

    def udp(self, phone: dict, **line: str) -> None:
        alice = self.start_phone("UDP", phone, **line)
        self.wait_server_is_known()
        alice.forget()
        self.assertEqual(self.ask_by_udp("stranger", STRANGER), {})
        self.assert_silent()
        self.assertEqual([event for event in alice.events() if "call" in event], [])
        # The same, and it is the sender that makes the difference.
        answered = self.ask_by_udp("server", SERVER)
        self.assertEqual(answered, {"INVITE": 180, "OPTIONS": 200, "NOTIFY": 200, "REGISTER": 405, "BYE": 481})

    def test_restricted_access_domains_by_name(self):
        self.udp({"Restricted_Access_Domains": "sip.test"})

    def test_restricted_access_domains_by_address(self):
        self.udp({"Restricted_Access_Domains": f"sip.test,{SERVER}"})

    def test_restrict_source_ip(self):
        self.udp({}, Restrict_Source_IP="Yes")

    def test_without_restriction_strangers_are_answered(self):
        """Which shows that the silence is the restriction's."""
        self.start_phone("UDP", {})
        self.assertEqual(self.ask_by_udp("stranger", STRANGER)["OPTIONS"], 200)

    def test_auth_invite_challenges_the_listed_server(self):
        self.start_phone("UDP", {"Restricted_Access_Domains": "sip.test"}, Auth_INVITE="Yes")
        self.wait_server_is_known()
        answered = self.ask_by_udp("server", SERVER)
        self.assertEqual({method: answered[method] for method in ("INVITE", "NOTIFY", "OPTIONS")},
                         {"INVITE": 401, "NOTIFY": 401, "OPTIONS": 200})
        self.assertEqual(self.ask_by_udp("stranger", STRANGER), {})
        self.assert_silent()

    def test_over_tcp(self):
        self.start_phone("TCP", {"Restricted_Access_Domains": "sip.test"})
        wait_for("an answer to the server", lambda: b"SIP/2.0 200 OK" in self.ask_by_tcp("server", SERVER))
        self.assertEqual(self.ask_by_tcp("stranger", STRANGER), b"")
        self.assert_silent()

    def test_over_tls_there_is_nothing_to_send_to(self):
        alice = self.start_phone("TLS", {})
        wait_for("the line", lambda: alice.line()["state"] != "off")
        self.assertEqual(self.ask_by_udp("stranger", STRANGER), {})
        self.assertEqual(self.ask_by_tcp("stranger", STRANGER), b"")
        self.assert_silent()


if __name__ == "__main__":
    main()
