#!/usr/bin/python3
"""What comes in is limited: calls by an admission policy, requests and guesses by the blacklist. A flood of one address, SIPp as
the far side; the call that is up goes on, and the operator sees and lifts what holds others off."""
import hashlib
import json
import re
import socket
import time

from system_test import OFFICE, OUTSIDE, PHONES, Border, PROGRAM, SystemTest, main, wait_for

CALLER, CALLEE, PHONE = "203.0.113.31", "198.51.100.21", "192.0.2.31"
FLOOD = 2000  # requests, and the bound of what is sent

CONFIGURATION = f"""\
configure
sbc test
 sbe
  subscriber alice@ringwall.test
   password wonderland
  adjacency sip phones
   inherit profile preset-access
   domain ringwall.test
   signaling-address ipv4 {PHONES}
   attach
  adjacency sip west
   signaling-address ipv4 {OUTSIDE}
   remote-address ipv4 203.0.113.0 255.255.255.0
   attach
  adjacency sip east
   security trusted-unencrypted
   signaling-address ipv4 {OFFICE}
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer {CALLEE}
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency west
     dst-adjacency east
     action complete
  active-call-policy-set 1
  cac-policy-set 1
   first-cac-table LIMITS
   cac-table LIMITS
    table-type limit src-adjacency
    entry 1
     match-value west
     max-num-calls 5
  active-cac-policy-set 1
  emergency-number 112
  blacklist address-default
   reason authentication-failure
    trigger-size 3
   reason request-rate
    trigger-size 50
    trigger-period 10
commit
"""


class Caller:
    """Calls from one UDP socket, as many as there are Call-IDs."""

    def __init__(self, test: SystemTest) -> None:
        self._socket = test.network.socket("caller", socket.SOCK_DGRAM)
        self._socket.bind((CALLER, 5060))
        test.addCleanup(self.close)
        self.answers: dict[tuple[str, str], str] = {}  # the last final response, by Call-ID and CSeq

    def send(self, method: str, user: str, call: str, number: int = 1, to_tag: str = "") -> None:
        branch = f"z9hG4bK{call}-{number}-{method if method != 'ACK' or to_tag else 'INVITE'}"
        tag = f";tag={to_tag}" if to_tag else ""
        uri = f"sip:{user}@{OUTSIDE}" if user else f"sip:{OUTSIDE}"
        self._socket.sendto((
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:caller@{CALLER}>;tag=c\r\nTo: <{uri}>{tag}\r\nCall-ID: {call}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:caller@{CALLER}:5060>\r\nContent-Length: 0\r\n\r\n").encode(),
            (OUTSIDE, 5060))

    def hear(self, seconds: float) -> None:
        """What comes until there is silence for so long."""
        while True:
            self._socket.settimeout(seconds)
            try:
                text = self._socket.recv(65535).decode(errors="replace")
            except TimeoutError:
                return
            status = re.match(r"SIP/2.0 (\d+)", text)
            call, cseq = (re.search(rf"^{name}: (.*)\r$", text, re.M | re.I) for name in ("Call-ID", "CSeq"))
            if status and int(status[1]) >= 200:
                self.answers[call[1], cseq[1]] = text

    def close(self) -> None:
        self._socket.close()

    def statuses(self, method: str) -> dict[str, int]:
        return {call: int(text.split()[1]) for (call, cseq), text in self.answers.items() if cseq.endswith(" " + method)}

    def to_tag(self, call: str) -> str:
        return re.search(r"^To:.*;tag=([^;\r]*)", self.answers[call, "1 INVITE"], re.M | re.I)[1]


class Limits(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        for host, address in (("caller", CALLER), ("callee", CALLEE), ("phone", PHONE)):
            self.network.add(host, [f"{address}/24"])
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        done = self.border.say(CONFIGURATION)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def show(self, what: str):
        return json.loads(self.border.say(f"show services sbc sbe {what} | json\n").stdout)

    def start_callee(self) -> None:
        callee = self.start("callee", ["sipp", "-sn", "uas", "-i", CALLEE, "-p", "5060", "-nostdin"])
        self.wait_listening(callee, "udp", 5060)

    def test_five_of_twenty_calls_at_once_and_the_call_that_is_up_survives_a_flood(self):
        self.start_callee()
        caller = Caller(self)
        link = self.capture("callee")
        calls = [f"call{number}" for number in range(20)]
        for call in calls:
            caller.send("INVITE", "bob", call)
        caller.hear(1.5)
        statuses = caller.statuses("INVITE")
        up = [call for call in calls if statuses.get(call) == 200]
        self.assertEqual(len(up), 5, statuses)
        self.assertEqual([statuses[call] for call in calls if call not in up], [503] * 15)
        refused = next(call for call in calls if call not in up)
        self.assertRegex(caller.answers[refused, "1 INVITE"], r"(?m)^Retry-After: \d+\r$")
        for call in calls:
            caller.send("ACK", "bob", call, to_tag=caller.to_tag(call) if call in up else "")
        invites = {packet.payload.split(b"Call-ID:")[1].split(b"\r\n")[0] for packet in link.since(0)
                   if packet.payload.startswith(b"INVITE ")}
        self.assertEqual(len(invites), 5)
        self.assertEqual(self.show("cac-policy")["tables"][0]["entries"][0]["counted"],
                         [{"scope": "global", "of": "", "calls": 5}])
        causes = [record["cause"] for record in self.border.records()]
        self.assertEqual(causes, ["cac-call-limit"] * 15)

        # An emergency number is called whatever the limits say.
        caller.send("INVITE", "112", "emergency")
        caller.hear(1)
        self.assertEqual(caller.statuses("INVITE")["emergency"], 200)
        caller.send("ACK", "112", "emergency", to_tag=caller.to_tag("emergency"))

        # A flood of one address is answered a little and then not at all; what is within a call is heard.
        begun = time.monotonic()
        for number in range(FLOOD):
            caller.send("OPTIONS", "", f"flood{number}")
            if number % 100 == 99:
                time.sleep(0.02)
        caller.hear(0.5)
        answered = len(caller.statuses("OPTIONS"))
        self.assertLess(answered, 60 + 5 * (time.monotonic() - begun))  # 50 in 10 s
        self.assertEqual(self.show("blacklist")["blacklist"], [])
        caller.send("BYE", "bob", up[0], 2, caller.to_tag(up[0]))
        caller.hear(1)
        self.assertEqual(caller.statuses("BYE"), {up[0]: 200})

        # The operator lifts the limit; calls that are up are counted by the new one at once.
        done = self.border.say("configure\nsbc test\nsbe\ncac-policy-set 1\ncac-table LIMITS\nentry 1\nmax-num-calls 6\ncommit\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        time.sleep(10)  # the address has had its requests
        for call in ("more1", "more2"):
            caller.send("INVITE", "bob", call)
        caller.hear(1)
        statuses = caller.statuses("INVITE")
        self.assertEqual(sorted((statuses["more1"], statuses["more2"])), [200, 503])
        for call in ("more1", "more2"):
            caller.send("ACK", "bob", call, to_tag=caller.to_tag(call) if statuses[call] == 200 else "")

    # ---- who guesses

    def guess(self, nonce: str | None, number: int, connection: socket.socket) -> str:
        """Registers with a wrong password; what is answered, "" when the connection is closed."""
        proof = "" if nonce is None else (
            'Authorization: Digest username="alice", realm="ringwall.test", uri="sip:ringwall.test", algorithm=MD5, '
            f'nonce="{nonce}", qop=auth, nc=0000000{number}, cnonce="c", '
            f'response="{hashlib.md5(str(number).encode()).hexdigest()}"\r\n')
        connection.sendall((
            f"REGISTER sip:ringwall.test SIP/2.0\r\nVia: SIP/2.0/TCP {PHONE};branch=z9hG4bK{number}-{time.monotonic_ns()}\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:alice@ringwall.test>;tag=1\r\nTo: <sip:alice@ringwall.test>\r\n"
            f"Call-ID: guess@{PHONE}\r\nCSeq: {number} REGISTER\r\nContact: <sip:alice@{PHONE};transport=tcp>\r\n"
            f"{proof}Content-Length: 0\r\n\r\n").encode())
        try:
            return connection.recv(65535).decode()
        except ConnectionResetError:
            return ""

    @staticmethod
    def nonce_of(answer: str) -> str:
        line = next(line for line in answer.split("\r\n") if line.startswith("WWW-Authenticate") and "MD5" in line)
        return re.search(r'nonce="([^"]+)"', line)[1]

    def is_let_in(self) -> bool:
        with self.network.socket("phone", socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect((PHONES, 5060))
            try:
                return self.guess(None, 1, connection).startswith("SIP/2.0 401")
            except (BrokenPipeError, ConnectionResetError):
                return False

    def test_who_guesses_is_shut_out_and_shown_and_let_in_again(self):
        with self.network.socket("phone", socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect((PHONES, 5060))
            answer = self.guess(None, 1, connection)
            for number in range(2, 5):
                self.assertEqual(answer[:11], "SIP/2.0 401")
                answer = self.guess(self.nonce_of(answer), number, connection)
            self.assertEqual(answer[:11], "SIP/2.0 401")
            # The fourth wrong one is one too many: whether or not it is answered, that is all.
            if self.guess(self.nonce_of(answer), 5, connection):
                self.assertEqual(connection.recv(65535), b"")
        [ban] = self.show("blacklist")["blacklist"]
        self.assertEqual((ban["source"], ban["adjacency"], ban["reason"]), (PHONE, "phones", "authentication-failure"))
        self.assertGreater(ban["seconds-left"], 200)
        self.assertFalse(self.is_let_in())
        wait_for("blacklist.added in the log",
                 lambda: "blacklist.added adjacency=phones source=192.0.2.31 reason=authentication-failure"
                 in self.border.log.read_text())
        done = self.border.say(f"clear services sbc sbe blacklist ipv4 {PHONE}\n")
        self.assertIn("1 was shut out.", done.stdout)
        self.assertTrue(self.is_let_in())
        self.assertEqual(self.show("blacklist")["blacklist"], [])


if __name__ == "__main__":
    main()
