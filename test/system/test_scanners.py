#!/usr/bin/python3
"""SIPVicious, the scanner that every address on the internet hears from, at the real ringwall-sbc: what svmap sees, what svwar
tells of who exists, and what becomes of svcrack, which has the right password at the end of its dictionary. Each is shown to
find what it looks for where it may: else its silence would say nothing."""
import collections
import json
import os
import re
import select
import socket
import subprocess
import threading

from system_test import OFFICE, OUTSIDE, PHONES, Border, PROGRAM, SystemTest, main, wait_for

from lab.phone import Phone

SCANNER, ALICE, BOB = "192.0.2.66", "192.0.2.11", "192.0.2.12"
STRANGER, CLERK = "203.0.113.66", "198.51.100.66"
EXISTING, NOBODY = "100", "101"
PASSWORD, GUESSES = "wonderland", 5
PATIENCE = 120  # for a tool that has timeouts of its own and a slow machine

CONFIGURATION = f"""\
configure
sbc test
 sbe
  subscriber {EXISTING}@ringwall.test
   password {PASSWORD}
  subscriber 102@ringwall.test
   password looking-glass
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5   ! svcrack knows no other
   security trusted-unencrypted
   signaling-address ipv4 {PHONES}
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   attach
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 {OFFICE}
   remote-address ipv4 198.51.100.0 255.255.255.0
   attach
  adjacency sip outside
   signaling-address ipv4 {OUTSIDE}
   attach
  call-policy-set 1
   first-call-routing-table BY-DOMAIN
   rtg-dst-domain-table BY-DOMAIN
    entry 1
     match-domain ringwall.test
     dst-adjacency phones
     action complete
   complete
  active-call-policy-set 1
  blacklist address-default
   reason authentication-failure
    trigger-size {{limit}}
    trigger-period 86400
    timeout 86400
commit
"""


class OverTcp:
    """SIPVicious speaks UDP alone. This takes it at 127.0.0.1 and goes on over TCP, by a new connection where there is none
    any more."""

    def __init__(self, test: SystemTest, host: str) -> None:
        self._open = lambda: test.network.socket(host, socket.SOCK_STREAM)
        self._datagrams = test.network.socket(host, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 5060))
        self._stream: socket.socket | None = None
        self._waiting = b""
        self._tool = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        test.addCleanup(self.stop)

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._hang_up()
        self._datagrams.close()

    def _hang_up(self) -> None:
        if self._stream:
            self._stream.close()
        self._stream, self._waiting = None, b""

    def _carry(self) -> None:
        while not self._is_over.is_set():
            ends = [self._datagrams, *filter(None, [self._stream])]
            try:
                for end in select.select(ends, [], [], 0.2)[0]:
                    if end is self._datagrams:
                        self._there()
                    elif end is self._stream:
                        self._back()
            except OSError:  # it was closed
                self._hang_up()

    def _there(self) -> None:
        request, self._tool = self._datagrams.recvfrom(65536)
        if self._stream is None:
            self._stream = self._open()
            self._stream.settimeout(5)
            self._stream.connect((PHONES, 5060))
        self._stream.sendall(request.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP"))

    def _back(self) -> None:
        block = self._stream.recv(65536)
        if not block:
            raise ConnectionResetError
        *whole, self._waiting = (self._waiting + block).split(b"\r\n\r\n")  # none has a body
        for response in whole:
            self._datagrams.sendto(response.replace(b"SIP/2.0/TCP", b"SIP/2.0/UDP") + b"\r\n\r\n", self._tool)


def table(output: str) -> dict[str, str]:
    """What a tool of SIPVicious prints at its end: two columns."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in output.splitlines() if line.startswith("| ")]
    return dict(rows[1:])


class Scanners(SystemTest):
    def begin(self, limit: int | str = "off") -> None:
        self.network.add("scanner", [f"{SCANNER}/24"])
        self.network.add("stranger", [f"{STRANGER}/24"], ["192.0.2.0/24"])
        self.network.add("clerk", [f"{CLERK}/24"])
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        done = self.border.say(CONFIGURATION.format(limit=limit))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def scan(self, host: str, address: str, *words: str) -> subprocess.Popen:
        """A tool of SIPVicious at work; `said` is what it prints."""
        return self.network.start(host, [*words[:1], "-x", address, *words[1:]], cwd=self.folder, text=True,
                                  env={**os.environ, "HOME": str(self.folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def said(self, tool: subprocess.Popen) -> dict[str, str]:
        try:
            output, errors = tool.communicate(timeout=PATIENCE)
        finally:
            self.end(tool)
            tool.stderr.close()
        self.assertNotIn("nhandled exception", errors)
        self.assertEqual(tool.returncode, 0, errors)
        return table(output)

    def phone(self, name: str, user: str, password: str, address: str) -> Phone:
        self.network.add(name, [f"{address}/24"])
        phone = Phone(self.network, name, address, self.folder / name,
                      f"<sip:{user}@ringwall.test;transport=udp>;auth_user={user};auth_pass={password};regint=60;"
                      f'audio_codecs=PCMU;answermode=auto;outbound="sip:{PHONES}:5060;transport=udp"')
        self.addCleanup(phone.stop)
        phone.connect()
        phone.wait_registered()
        return phone

    # ---- who is there: svmap

    def test_svmap_hears_no_name_and_nothing_at_all_where_it_may_not_be(self):
        self.begin()
        self.phone("alice", EXISTING, PASSWORD, ALICE)
        link = self.capture("sbc")
        scans = {}
        for port, method in enumerate(("OPTIONS", "INVITE", "REGISTER"), 6000):
            words = ("-m", method, "-p", "5059-5062", "-P", str(port))
            scans[method] = (self.scan("scanner", SCANNER, "svmap", *words, PHONES, ALICE),
                             self.scan("stranger", STRANGER, "svmap", *words, OUTSIDE, PHONES))
        for method, (near, far) in scans.items():
            seen = self.said(near)
            self.assertEqual(seen[f"{PHONES}:5060"], "unknown", method)
            # What says who it is is seen.
            self.assertIn("baresip", seen.get(f"{ALICE}:5060", "") if method == "OPTIONS" else "baresip")
            self.assertEqual(self.said(far), {f"{OUTSIDE}:5060": "unknown"}, method)
        sent = [packet for packet in link.since(0) if packet.destination in (SCANNER, STRANGER) and packet.source != ALICE]
        self.assertGreater(len(sent), 5)
        for packet in sent:
            self.assertNotIn((packet.source, packet.destination), [(PHONES, STRANGER)])
            self.assertNotRegex(packet.payload.decode(), r"(?im)^(server|user-agent|organization|contact|supported):")
        wait_for("the stranger's requests", lambda: any(
            packet.source == STRANGER and packet.destination == PHONES for packet in link.since(0)))

    # ---- who exists: svwar

    def guess_users(self, host: str, address: str, target: str, method: str, port: int, *more: str) -> subprocess.Popen:
        return self.scan(host, address, "svwar", "-m", method, "-P", str(port), "--domain", "ringwall.test", *more, target)

    def test_svwar_cannot_tell_who_exists(self):
        self.begin()
        link = self.capture("sbc")
        ports = iter(range(6000, 6100))
        scans, places = [], {}
        for method in ("REGISTER", "INVITE", "OPTIONS"):
            for host, address, target in (("scanner", SCANNER, PHONES), ("stranger", STRANGER, OUTSIDE)):
                scans.append(self.guess_users(host, address, target, method, next(ports), "-e", "98-104"))
                # It stops at the first answer that it cannot make anything of, so each user has a scan of its own.
                for user in (EXISTING, NOBODY):
                    port = next(ports)
                    places[address, port] = (method, target, user)
                    scans.append(self.guess_users(host, address, target, method, port, "--force", "-e", user))
        users = {EXISTING, NOBODY, *map(str, range(98, 105))}
        for scan in scans:
            self.assertEqual(users & set(self.said(scan)), set())

        answers = collections.defaultdict(set)
        for packet in link.since(0):
            if (place := places.get((packet.destination, packet.destination_port))) is None:
                continue
            method, target, user = place
            text = packet.payload.decode()
            if f"sip:{user}@" in text:
                for what, instead in ((rf"\b{user}\b", "USER"), (r"(tag|branch|nonce|Call-ID)([=:])[^;,\r]*", r"\1\2X"),
                                      (r"rport=\d+|:6\d\d\d\b", "PORT")):
                    text = re.sub(what, instead, text)
                answers[method, target, user].add(text)
        for method, target, user in list(answers):
            self.assertEqual(answers[method, target, user], answers[method, target, NOBODY], (method, target))
        self.assertEqual(set(answers), set(places.values()))
        statuses = {(method, target): {text.split("\r\n")[0] for text in texts} for (method, target, _), texts in answers.items()}
        self.assertEqual(statuses["INVITE", PHONES], {"SIP/2.0 401 Unauthorized"})
        self.assertEqual(statuses["INVITE", OUTSIDE] - {"SIP/2.0 100 Trying"}, {"SIP/2.0 403 From Is Not Yours"})

    def test_svwar_tells_who_exists_where_callers_are_trusted(self):
        self.begin()
        seen = self.said(self.guess_users("clerk", CLERK, OFFICE, "INVITE", 6000, "-e", "98-104"))
        self.assertEqual(set(seen), {"100", "102"})

    # ---- what the password is: svcrack

    def crack(self, target: str, words: int = 40) -> subprocess.Popen:
        dictionary = self.folder / "dictionary"
        dictionary.write_text("".join(f"wrong-{number}\n" for number in range(words)) + PASSWORD + "\n")
        return self.scan("scanner", SCANNER, "svcrack", "-u", EXISTING, "-d", str(dictionary), "--domain", "ringwall.test",
                         "--maximumtime", "8", "-P", "6000", target)

    def blacklist(self) -> dict:
        return json.loads(self.border.say("show services sbc sbe blacklist | json\n").stdout)

    def guesses_answered(self, link) -> list[str]:
        """The statuses that the guesses heard: of the two requests of each the second has a password."""
        texts = [packet.payload.decode() for packet in link.since(0) if packet.destination == SCANNER and packet.payload]
        return [text.split()[1] for text in texts if "CSeq: 2 REGISTER" in text]

    def test_svcrack_finds_the_password_where_there_is_no_limit(self):
        self.begin()
        self.assertEqual(self.said(self.crack(PHONES)), {EXISTING: PASSWORD})

    def test_svcrack_over_tcp_finds_it_too(self):
        self.begin()
        OverTcp(self, "scanner")
        self.assertEqual(self.said(self.crack("127.0.0.1")), {EXISTING: PASSWORD})

    def call_of_the_innocent(self, caller: Phone) -> None:
        """Somebody who has just come registers, is called, and hangs up."""
        callee = self.phone("bob", "102", "looking-glass", BOB)
        caller.dial("sip:102@ringwall.test")
        caller.wait_established()
        callee.wait_established()
        callee.hang_up()
        caller.wait_closed()

    def test_svcrack_is_not_heard_after_a_few_guesses_and_others_are(self):
        """Over UDP anybody can write that address, so it is limited and not shut out."""
        self.begin(GUESSES)
        alice = self.phone("alice", EXISTING, PASSWORD, ALICE)
        link = self.capture("sbc")
        tool = self.crack(PHONES)
        wait_for("the limit", lambda: self.blacklist()["limited"], PATIENCE)
        self.call_of_the_innocent(alice)
        self.assertEqual(self.said(tool), {})
        self.assertEqual(self.blacklist()["blacklist"], [])
        [limited] = self.blacklist()["limited"]
        self.assertEqual((limited["source"], limited["adjacency"], limited["reason"]),
                         (SCANNER, "phones", "authentication-failure"))
        answered = self.guesses_answered(link)
        self.assertEqual(set(answered), {"401"})
        self.assertLessEqual(len(answered), GUESSES + 1)
        guesses = [packet for packet in link.since(0) if packet.source == SCANNER and b"Authorization: Digest" in packet.payload]
        self.assertEqual(sum(f'username="{EXISTING}"'.encode() in guess.payload for guess in guesses), 41)

    def test_svcrack_over_tcp_is_shut_out_after_a_few_guesses_and_others_are_not(self):
        self.begin(GUESSES)
        alice = self.phone("alice", EXISTING, PASSWORD, ALICE)
        link = self.capture("sbc")
        OverTcp(self, "scanner")
        tool = self.crack("127.0.0.1")
        [ban] = wait_for("the ban", lambda: self.blacklist()["blacklist"], PATIENCE)
        self.assertEqual((ban["source"], ban["adjacency"], ban["reason"]), (SCANNER, "phones", "authentication-failure"))
        mark = link.mark()
        self.call_of_the_innocent(alice)
        self.assertEqual(self.said(tool), {})
        answered = self.guesses_answered(link)
        self.assertEqual(set(answered), {"401"})
        self.assertLessEqual(len(answered), GUESSES + 1)
        # It goes on knocking, and nothing is said to it.
        since = [packet for packet in link.since(mark) if SCANNER in (packet.source, packet.destination)]
        self.assertGreater(len({packet.source_port for packet in since if packet.source == SCANNER}), 10)
        self.assertEqual([packet.payload for packet in since if packet.destination == SCANNER and packet.payload], [])


if __name__ == "__main__":
    main()
