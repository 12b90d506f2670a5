#!/usr/bin/python3
"""The real ringwall-sbc, killed again and again while phones over UDP and TLS call each other: every call whose caller
heard 200 goes on after the start, is changed and ended by either side, and has one record. KILLS says how often."""
import concurrent.futures
import itertools
import os
import random
import re
import select
import socket
import ssl
import threading
import time

from sip_peer import Message
from system_test import PHONES, PROGRAM, Border, SystemTest, main, wait_for
from test_crash import Gone, md5
from two_kinds_of_phones import PHONES_OF_TWO_KINDS

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", str(time.time_ns())))
ADDRESS, PAIRS = "192.0.2.11", 8
SDP = ("v=0\r\no=- 1 1 IN IP4 192.0.2.11\r\ns=-\r\nc=IN IP4 192.0.2.11\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
       "a=rtpmap:0 PCMU/8000\r\n")


class Phone:
    """One user's. What it is asked within a dialog, it grants; of one that is over it knows nothing."""

    def __init__(self, test: "CrashCalls", user: str, is_tls: bool) -> None:
        self.user, self.is_tls = user, is_tls
        self._test = test
        self._cseq = itertools.count(1)
        self._socket: socket.socket | None = None
        self._octets = b""
        self._register_id = f"{user}-{random.random()}"
        self.heard: list[Message] = []
        self.over: set[str] = set()  # Call-IDs of calls that are
        port = 20000 + int(re.search(r"\d+", user)[0]) * 2 + user.startswith("b")
        self._local = (ADDRESS, 0 if is_tls else port)
        self.contact = f"<sip:{user}@{ADDRESS}:{port}{';transport=tls' if is_tls else ''}>"

    def connect(self) -> None:
        if self._socket and not self.is_tls:
            return  # nobody has to be found again over UDP
        self.close()
        plain = self._test.network.socket("clients", socket.SOCK_STREAM if self.is_tls else socket.SOCK_DGRAM)
        try:
            plain.settimeout(2)
            plain.bind(self._local)
            plain.connect((PHONES, 5061 if self.is_tls else 5060))
            self._socket = self._test.context.wrap_socket(plain, server_hostname="ringwall.test") if self.is_tls else plain
        except OSError as error:
            plain.close()
            raise Gone from error

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket, self._octets = None, b""

    def send(self, text: str) -> None:
        for is_last in (self.is_tls, True):
            try:
                self._socket.sendall(text.encode())
                return
            except ConnectionRefusedError as error:  # over UDP: what was sent before came to nobody
                if is_last:
                    raise Gone from error
            except (OSError, AttributeError) as error:
                raise Gone from error

    def ask(self, method: str, uri: str, fields: list[str], body: str = "", cseq: int | None = None) -> int:
        cseq = next(self._cseq) if cseq is None else cseq
        kind = ["Content-Type: application/sdp"] if body else []
        self.send("\r\n".join([f"{method} {uri} SIP/2.0",
                               f"Via: SIP/2.0/{'TLS' if self.is_tls else 'UDP'} {ADDRESS};branch=z9hG4bK{random.random()};rport",
                               "Max-Forwards: 70", *fields, f"CSeq: {cseq} {method}", f"Contact: {self.contact}", *kind,
                               f"Content-Length: {len(body)}", "", body]))
        return cseq

    def answer(self, request: Message, status: str, tag: str = "", body: str = "") -> None:
        to = request["To"] + (f";tag={tag}" if tag and "tag=" not in request["To"] else "")
        kind = ["Content-Type: application/sdp"] if body else []
        self.send("\r\n".join([f"SIP/2.0 {status}", f"Via: {request['Via']}", f"From: {request['From']}", f"To: {to}", f"Call-ID: {request['Call-ID']}",
                               f"CSeq: {request['CSeq']}", f"Contact: {self.contact}", *kind,
                               f"Content-Length: {len(body)}", "", body]))

    def hear(self, seconds: float) -> Message | None:
        """The next message, if one comes in time."""
        end = time.monotonic() + seconds
        while True:
            if message := self._whole():
                return message
            pending = self.is_tls and self._socket is not None and self._socket.pending()
            left = end - time.monotonic()
            if self._socket is None or (not pending and (left <= 0 or not select.select([self._socket], [], [], left)[0])):
                return None
            try:
                block = self._socket.recv(65536)
            except OSError as error:
                raise Gone from error
            if not block:
                raise Gone
            self._octets += block

    def _whole(self) -> Message | None:
        head, mark, rest = self._octets.lstrip(b"\r\n").partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.IGNORECASE)
        size = int(length[1]) if length else 0
        if not mark or len(rest) < size:
            return None
        self._octets = rest[size:]
        return Message((head + mark + rest[:size]).decode())

    def expect(self, what: str, is_it, seconds: float = 5) -> Message:
        """The first of which that is true; requests within dialogs are granted meanwhile."""
        end = time.monotonic() + seconds
        while True:
            for message in self.heard:
                if is_it(message):
                    self.heard.remove(message)
                    return message
            left = end - time.monotonic()
            if message := self.hear(min(left, 0.1)):
                self.take(message)
            elif left <= 0 or self._test.is_killed.is_set():
                raise Gone(f"{self.user}: no {what}")

    def take(self, message: Message) -> None:
        if message.method in ("INVITE", "UPDATE", "OPTIONS", "BYE") and "tag=" in message["To"]:
            if message["Call-ID"] in self.over:
                self.answer(message, "481 Call/Transaction Does Not Exist")
            else:
                self.answer(message, "200 OK", body=SDP if message.method == "INVITE" else "")
        self.heard.append(message)

    def hear_for(self, seconds: float) -> None:
        if message := self.hear(seconds):
            self.take(message)

    def response(self, cseq: int, method: str, seconds: float = 5) -> Message:
        return self.expect(f"answer to {method}", lambda m: m.status >= 200 and m["CSeq"] == f"{cseq} {method}", seconds)

    def request(self, method: str, seconds: float = 5) -> Message:
        return self.expect(method, lambda m: m.method == method, seconds)

    def granted(self, method: str, uri: str, fields: list[str], body: str = "") -> tuple[int, Message]:
        """With credentials, where they are asked for."""
        cseq = self.ask(method, uri, fields, body)
        answer = self.response(cseq, method)
        if answer.status == 401:
            if method == "INVITE":
                self.ask("ACK", uri, [f if not f.startswith("To:") else f"To: {answer['To']}" for f in fields], cseq=cseq)
            nonce = answer["WWW-Authenticate"].partition('nonce="')[2].partition('"')[0]
            proof = md5(md5(self.user, "ringwall.test", "secret"), nonce, "00000001", "c", "auth", md5(method, uri))
            cseq = self.ask(method, uri, [*fields, f'Authorization: Digest username="{self.user}", realm="ringwall.test", '
                                          f'nonce="{nonce}", uri="{uri}", response="{proof}", algorithm=MD5, qop=auth, '
                                          'nc=00000001, cnonce="c"'], body)
            answer = self.response(cseq, method)
        return cseq, answer

    def register(self) -> None:
        me = f"<sip:{self.user}@ringwall.test>"
        _, answer = self.granted("REGISTER", "sip:ringwall.test", [f"From: {me};tag=r", f"To: {me}", f"Call-ID: {self._register_id}",
                                                                  "Expires: 3600"])
        if answer.status != 200:
            raise AssertionError(f"{self.user}: {answer.start}")


class Pair:
    """Two phones, and their calls: one after another."""

    def __init__(self, test: "CrashCalls", number: int) -> None:
        self.caller = Phone(test, f"a{number}", number % 2 == 1)
        self.callee = Phone(test, f"b{number}", number % 4 >= 2)
        self.state = "none"  # or asked, up, ending
        self.answered: list[str] = []  # Call-IDs of calls that were
        self.asked: list[str] = []

    def connect(self) -> None:
        for phone in (self.caller, self.callee):
            phone.connect()
            phone.heard.clear()
            phone.register()

    def call(self) -> None:
        caller, callee = self.caller, self.callee
        self._call_id = f"{caller.user}-{random.random()}"
        target = f"sip:{callee.user}@ringwall.test"
        self._from = f"From: <sip:{caller.user}@ringwall.test>;tag=c"
        self.asked.append(self._call_id)
        self.state = "asked"
        answers: list = []

        def callee_answers() -> None:
            try:
                invite = callee.request("INVITE", 5)
                callee.answer(invite, "200 OK", "d", SDP)
                answers.append(invite)
                callee.request("ACK", 5)
            except Gone as error:
                answers.append(error)
        thread = threading.Thread(target=callee_answers)
        thread.start()
        try:
            cseq, answer = caller.granted("INVITE", target, [self._from, f"To: <{target}>", f"Call-ID: {self._call_id}"], SDP)
            if answer.status != 200:
                raise AssertionError(f"{caller.user}: {answer.start}")
            self._to, self._target = f"To: {answer['To']}", answer.contact
            self.answered.append(self._call_id)
            self.state = "up"
            self._within("ACK", cseq)
        finally:
            thread.join()
            self._invite = answers[0]
        if isinstance(answers[-1], Gone):
            raise answers[-1]

    def _within(self, method: str, cseq: int | None = None, body: str = "") -> int:
        return self.caller.ask(method, self._target, [self._from, self._to, f"Call-ID: {self._call_id}"], body, cseq)

    def change(self) -> None:
        """A re-INVITE of the caller, which the callee grants; again, where it crosses one of the border controller's own."""
        for _ in range(20):
            cseq = self._within("INVITE", body=SDP)
            answer = self._while_the_other_grants(self.callee, lambda cseq=cseq: self.caller.response(cseq, "INVITE"))
            if answer.status != 491:
                break
            self.caller.hear_for(0.3)
        if answer.status != 200:
            raise AssertionError(f"INVITE: {answer.start}")
        self._within("ACK", cseq)

    @staticmethod
    def _while_the_other_grants(other: Phone, wait) -> Message:
        faults: list = []
        is_over = threading.Event()

        def grant() -> None:
            try:
                while not is_over.is_set():
                    other.hear_for(0.05)
            except Gone as error:
                faults.append(error)
        thread = threading.Thread(target=grant)
        thread.start()
        try:
            answer = wait()
        finally:
            is_over.set()
            thread.join()
        if faults:
            raise faults[0]
        return answer

    def end(self, by_callee: bool = False) -> None:
        self.state = "ending"
        if by_callee:
            invite = self._invite
            cseq = self.callee.ask("BYE", invite.contact, [f"From: {invite['To']};tag=d", f"To: {invite['From']}",
                                                   f"Call-ID: {invite['Call-ID']}"])
            answer = self._while_the_other_grants(self.caller, lambda: self.callee.response(cseq, "BYE"))
        else:
            cseq = self._within("BYE")
            answer = self._while_the_other_grants(self.callee, lambda: self.caller.response(cseq, "BYE"))
        if answer.status != 200:
            raise AssertionError(f"BYE: {answer.start}")
        (self.caller if by_callee else self.callee).request("BYE")
        self.caller.over.add(self._call_id)
        self.callee.over.add(self._invite["Call-ID"])
        self.state = "none"

    def end_again(self) -> None:
        cseq = self._within("BYE")
        status = self.caller.response(cseq, "BYE").status
        if status not in (200, 481):
            raise AssertionError(f"BYE: {status}")


class CrashCalls(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("clients", [ADDRESS + "/24"])
        self.is_killed = threading.Event()
        self.context = ssl.create_default_context(cafile=str(self.folder / "pki" / "ca.crt"))
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        subscribers = "".join(f"  subscriber {side}{n}@ringwall.test\n   password secret\n" for n in range(PAIRS) for side in "ab")
        # Calls between the two kinds of phones are calls of trusted peers.
        done = self.border.say(PHONES_OF_TWO_KINDS.replace("   domain ringwall.test\n", "   domain ringwall.test\n   sip-calls-in secure\n") +
                               subscribers + "adjacency sip phones\nsip-calls-out any\nexit\ncommit\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def work(self, pairs: list[Pair], seed: float) -> None:
        chance = random.Random(seed)
        try:
            while not self.is_killed.is_set():
                pair = chance.choice(pairs)
                try:
                    if pair.state == "none":
                        pair.call()
                    elif chance.random() < 0.3:
                        pair.change()
                    else:
                        pair.end(chance.random() < 0.5)
                except Gone:
                    return
        except Exception as error:  # of a thread: said by the test
            self.faults.append(error)

    def go_on(self, pair: Pair, chance: float) -> bool:
        """After the start: a call that was up is changed and ended."""
        pair.connect()
        was_up = pair.state == "up"
        if was_up:
            pair.change()
            pair.end(chance < 0.5)
        elif pair.state == "ending":  # whether that was heard or not, it is over now
            pair.end_again()
        pair.state = "none"
        return was_up

    def test_calls_that_were_answered_go_on_and_are_billed_once(self):
        print(f"SEED={SEED}")
        chance = random.Random(SEED)
        pairs = [Pair(self, number) for number in range(PAIRS)]
        for pair in pairs:
            pair.connect()
        self.faults: list[Exception] = []
        went_on = 0
        for _ in range(KILLS):
            threads = [threading.Thread(target=self.work, args=(pairs[i::4], chance.random())) for i in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.5))  # the kill is at random
            self.border.kill()
            self.is_killed.set()
            for thread in threads:
                thread.join()
            self.is_killed.clear()
            self.assertEqual(self.faults, [])
            self.border.start_again()
            with concurrent.futures.ThreadPoolExecutor(4) as several:
                went_on += sum(several.map(self.go_on, pairs, (chance.random() for _ in pairs)))
        for pair in pairs:
            pair.caller.close()
            pair.callee.close()
        answered = [call for pair in pairs for call in pair.answered]

        def billed() -> dict[str, int]:
            counts: dict[str, int] = {}
            for record in self.border.records():
                if record["result"] == "answered":
                    counts[record["from_call_id"]] = counts.get(record["from_call_id"], 0) + 1
            return counts
        wait_for("a record of each call", lambda: all(call in billed() for call in answered), 60)
        self.assertEqual({call: count for call, count in billed().items() if count != 1}, {})
        asked = [call for pair in pairs for call in pair.asked]
        self.assertLessEqual(set(billed()), set(asked))
        self.assertGreater(went_on, 0)
        print(f"{KILLS} kills: {len(answered)} calls answered, {went_on} of them went on after a kill, each billed once; "
              f"{len(asked) - len(answered)} were being set up")


if __name__ == "__main__":
    main()
