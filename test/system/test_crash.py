#!/usr/bin/python3
"""The real ringwall-sbc, killed again and again while phones over UDP and TLS register, refresh and go: whatever was
acknowledged is so after its start, and nothing else. KILLS says how often; what it found stands on the last line."""
import hashlib
import itertools
import json
import os
import random
import socket
import ssl
import threading
import time

from system_test import PHONES, PROGRAM, Border, SystemTest, main
from two_kinds_of_phones import PHONES_OF_TWO_KINDS

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", str(time.time_ns())))
ADDRESS, USERS = "192.0.2.11", 40
SHOW = "show services sbc test sbe registrations | json\n"


def md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Gone(Exception):
    """The border controller is killed, or does not answer in time."""


class Client:
    """One phone, of one user: what it was told, and what it asked without being told."""

    def __init__(self, test: "Crash", number: int) -> None:
        self.user, self.number, self.is_tls = f"u{number}@ringwall.test", number, number % 2 == 1
        self._test = test
        self._socket: socket.socket | None = None
        self._cseq = itertools.count(1)
        self._call_id = f"{number}-{random.random()}"
        self.acknowledged: str | None = None     # its Contact; none: it is not registered
        self.maybe: list[str | None] = []        # what it asked for, and heard nothing of

    def connect(self) -> None:
        self.close()
        kind = socket.SOCK_STREAM if self.is_tls else socket.SOCK_DGRAM
        plain = self._test.network.socket("clients", kind)
        try:
            plain.settimeout(2)
            plain.bind((ADDRESS, 0))
            plain.connect((PHONES, 5061 if self.is_tls else 5060))
            self._socket = self._test.context.wrap_socket(plain, server_hostname="ringwall.test") if self.is_tls else plain
        except OSError:
            plain.close()
            raise

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None

    def turn(self, chance: random.Random) -> None:
        """Registers with one of three Contacts, or goes."""
        wish = None if chance.random() < 0.2 else f"sip:u{self.number}@{ADDRESS}:{20000 + 10 * self.number + chance.randrange(3)}"
        # One at a time: what was there goes with the same request.
        contacts = []
        if self.acknowledged and self.acknowledged != wish:
            contacts.append(f"<{self.acknowledged}>;expires=0")
        if wish:
            contacts.append(f"<{wish}>;expires=3600")
        if not contacts:
            return
        self.maybe.append(wish)
        challenge = self._ask(contacts, "")
        if challenge.startswith("SIP/2.0 401"):
            nonce = challenge.partition('nonce="')[2].partition('"')[0]
            response = md5(md5(f"u{self.number}", "ringwall.test", "secret"), nonce, "00000001", "c", "auth",
                           md5("REGISTER", "sip:ringwall.test"))
            challenge = self._ask(contacts, f'Authorization: Digest username="u{self.number}", realm="ringwall.test", nonce="{nonce}", '
                                  f'uri="sip:ringwall.test", response="{response}", algorithm=MD5, qop=auth, nc=00000001, '
                                  'cnonce="c"\r\n')
        if not challenge.startswith("SIP/2.0 200"):
            raise AssertionError(f"{self.user}: {challenge}")
        self.acknowledged, self.maybe = wish, []

    def _ask(self, contacts: list[str], credentials: str) -> str:
        cseq = next(self._cseq)
        via = f"SIP/2.0/{'TLS' if self.is_tls else 'UDP'} {ADDRESS};branch=z9hG4bK-{self.number}-{cseq};rport"
        request = (f"REGISTER sip:ringwall.test SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:{self.user}>;tag=1\r\n"
                   f"To: <sip:{self.user}>\r\nCall-ID: {self._call_id}\r\nCSeq: {cseq} REGISTER\r\n{credentials}"
                   f"Contact: {', '.join(contacts)}\r\nContent-Length: 0\r\n\r\n")
        try:
            if self._socket is None:
                self.connect()
            self._socket.sendall(request.encode())
            while True:
                answer = ""
                while "\r\n\r\n" not in answer:
                    block = self._socket.recv(65536).decode()
                    if not block:
                        raise Gone
                    answer += block
                if f"CSeq: {cseq} REGISTER" in answer:
                    return answer
        except OSError as error:
            self.close()
            raise Gone from error
        except Gone:
            self.close()
            raise


class Crash(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("clients", [ADDRESS + "/24"])
        self.context = ssl.create_default_context(cafile=str(self.folder / "pki" / "ca.crt"))
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        subscribers = "".join(f"  subscriber u{n}@ringwall.test\n   password secret\n" for n in range(USERS))
        self.done(PHONES_OF_TWO_KINDS + subscribers + "commit\n")

    def done(self, script: str) -> str:
        done = self.border.say(script)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def registered(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for each in json.loads(self.done(SHOW)):
            users.setdefault(each["user"], []).append(each["contact"])
        return users

    def work(self, clients: list[Client], seed: int, is_over: threading.Event) -> None:
        chance = random.Random(seed)
        try:
            while not is_over.is_set():
                try:
                    chance.choice(clients).turn(chance)
                except Gone:
                    return
        except Exception as error:  # of a thread: said by the test
            self.faults.append(error)

    def test_whatever_was_acknowledged_is_there_after_a_kill(self):
        print(f"SEED={SEED}")
        chance = random.Random(SEED)
        clients = [Client(self, number) for number in range(USERS)]
        self.faults: list[Exception] = []
        acknowledged = unclear = 0
        for _ in range(KILLS):
            is_over = threading.Event()
            groups = [clients[i::4] for i in range(4)]
            threads = [threading.Thread(target=self.work, args=(group, chance.random(), is_over)) for group in groups]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.5))  # the kill is at random
            self.border.kill()
            is_over.set()
            for thread in threads:
                thread.join()
            self.assertEqual(self.faults, [])
            self.border.start_again()
            there = self.registered()
            for client in clients:
                client.close()
                contacts = there.get(client.user, [])
                self.assertLessEqual(len(contacts), 1, f"{client.user}: {contacts}")
                found = contacts[0] if contacts else None
                self.assertIn(found, [client.acknowledged, *client.maybe], f"{client.user} after {client.maybe}")
                acknowledged += not client.maybe
                unclear += bool(client.maybe)
                client.acknowledged, client.maybe = found, []
            self.assertEqual(self.done("show alarms\n"), "No alarms.\n")
        self.assertGreater(acknowledged, KILLS * USERS // 2)
        print(f"{KILLS} kills: {acknowledged} users as they were told, {unclear} in the middle of a request")


if __name__ == "__main__":
    main()
