#!/usr/bin/python3
"""The phone's control: what its OpenAPI description says is what it does, its commands do the same, and nobody but
a program of this machine is heard. RINGWALL and RINGWALL_PHONE name the programs."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from lab.waiting import wait_for  # noqa: E402

RINGWALL = os.environ.get("RINGWALL", str(ROOT / "build/debug/apps/ringwall"))
PHONE = os.environ.get("RINGWALL_PHONE", str(ROOT / "build/debug/apps/ringwall-phone"))
DESCRIPTION = json.loads((ROOT / "docs/phone-control.json").read_text())
JSON = {"Content-Type": "application/json"}
PATIENCE = 15


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def operation_of(method: str, path: str) -> dict:
    for template, methods in DESCRIPTION["paths"].items():
        parts, found = template.split("/"), path.split("?")[0].split("/")
        if len(parts) == len(found) and all(a == b or a == "{call}" and b.isdigit() for a, b in zip(parts, found)):
            return methods[method.lower()]
    raise AssertionError(f"{method} {path} is not described")


def line(number: int, name: str, port: int, proxy: int) -> str:
    """Of a profile: a line whose server is another phone."""
    return "".join(f'{what}[{number}] "{value}" ;\n' for what, value in (
        ("User_ID", name), ("SIP_Transport", "UDP"), ("SIP_Port", port), ("Proxy", f"127.0.0.1:{proxy}"),
        ("Register", "No"), ("Make_Call_Without_Reg", "Yes"), ("Ans_Call_Without_Reg", "Yes"),
        ("Password", "do-not-tell")))


class Phone:
    """A phone with a line to each of `others`, and its control."""

    exercised = set()  # operations that were answered with 200, by any phone

    def __init__(self, folder: pathlib.Path, name: str, ports: dict, others: str, *arguments: str):
        self.port = free_port(socket.SOCK_STREAM)
        self.sip_port = ports[name + others[0]]
        self.profile = folder / f"{name}.conf"
        self.profile.write_text("# the operator's own words\n" + "".join(
            line(number, name, ports[name + other], ports[other + name])
            for number, other in enumerate(others, start=1)) +
            f'Extended_Function[1] "fnc=blf+sd;sub={others[0]}@$PROXY;nme=first" ;\n'
            f'Voice_Mail_Number "{others[0]}" ;\n')
        self.profile.chmod(0o600)
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([PHONE, "--config", str(self.profile), "--control", str(self.port),
                                             *arguments], stdout=log, stderr=log)
        wait_for(f"{name} listens", self.is_listening)

    def is_listening(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return self.ask("GET", "/state")[0] == 200
        except OSError:
            return False

    def raw(self, method: str, path: str, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body=None):
        """Status and answer, which is as described."""
        text = None if body is None else json.dumps(body)
        status, answer = self.raw(method, path, text, JSON if body is not None else {})
        answer = json.loads(answer)
        operation = operation_of(method, path)
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        jsonschema.Draft4Validator({**schema, "components": DESCRIPTION["components"]}).validate(answer)
        if status == 200:
            self.exercised.add(operation["operationId"])
        return status, answer

    def do(self, path: str, /, **body) -> dict:
        status, answer = self.ask("POST", path, body)
        if status != 200:
            raise AssertionError(f"{path}: {status} {answer}")
        return answer

    def calls(self) -> list:
        return self.ask("GET", "/state")[1]["calls"]

    def call_in(self, state: str) -> int:
        return wait_for(f"a call that is {state}", lambda: next(
            (each["call"] for each in self.calls() if each["state"] == state), 0))

    def events(self, after: int = 0) -> list:
        status, answer = self.ask("GET", f"/events?after={after}")
        assert status == 200, answer
        return answer

    def command(self, *words: str):
        return subprocess.run([RINGWALL, "phone", "--control", str(self.port), *words], capture_output=True,
                              text=True, timeout=PATIENCE + 5, check=False)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class ControlTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ringwall-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

        self.ports = {pair: free_port(socket.SOCK_DGRAM) for pair in ("ab", "ac", "ba", "ca")}

    def phone(self, name: str, others: str, *arguments: str) -> Phone:
        phone = Phone(self.folder, name, self.ports, others, *arguments)
        self.addCleanup(phone.stop)
        return phone

    def call(self, caller: Phone, called: Phone):
        call = caller.do("/dial", to=called.profile.stem)["call"]
        incoming = called.call_in("ringing")
        called.do(f"/calls/{incoming}/answer")
        wait_for("the call is up", lambda: caller.call_in("active") == call)
        return call, incoming

    def test_all_that_is_described_is_done(self):
        Phone.exercised.clear()
        a, b = self.phone("a", "bc"), self.phone("b", "a")
        self.phone("c", "a", "--auto-answer")
        status, description = a.ask("GET", "/openapi.json")
        self.assertEqual((status, description), (200, DESCRIPTION))

        # A phone does not tell of its dialogs: the lamp of its key is unknown, and calls it all the same.
        self.assertEqual([(each["uri"], each["lamp"]) for each in a.ask("GET", "/state")[1]["keys"]],
                         [("sip:b@127.0.0.1", "unknown")])
        refused = a.do("/press", key=1)["call"]
        b.do(f"/calls/{b.call_in('ringing')}/reject", status=603)
        wait_for("a hears of it", lambda: [each for each in a.events() if each.get("call") == refused
                                           and each.get("status") == 603 and each.get("state") == "ended"])

        a.do("/keypad")
        history = a.ask("GET", "/history")[1]
        self.assertEqual([(each["call"], each["incoming"], each["remote"], each["status"], each["answered"])
                          for each in history], [(refused, False, "sip:b@127.0.0.1", 603, "")])
        self.assertLess(history[0]["began"], history[0]["ended"] + "~")

        mail = a.do("/voice-mail")["call"]
        b.do(f"/calls/{b.call_in('ringing')}/reject", status=603)
        wait_for("a hears of that", lambda: [each for each in a.events() if each.get("call") == mail
                                             and each.get("state") == "ended"])

        call, incoming = self.call(a, b)
        a.do(f"/calls/{call}/source", tone=440)
        recording = self.folder / "heard.wav"
        b.do(f"/calls/{incoming}/record", path=str(recording))
        b.do(f"/calls/{incoming}/source")
        a.do(f"/calls/{call}/hold")
        wait_for("b is held", lambda: any(each["held-by-peer"] for each in b.calls()))
        a.do(f"/calls/{call}/resume")
        wait_for("b is not held", lambda: not any(each["held-by-peer"] for each in b.calls()))
        a.do(f"/calls/{call}/digits", digits="5")
        wait_for("b hears the key", lambda: [each for each in b.events() if each["what"] == "digit"
                                             and each["digit"] == "5"])
        second = a.do("/dial", to="c", line=2)["call"]
        wait_for("the second call", lambda: [each for each in a.calls() if each["call"] == second
                                             and each["state"] == "active"])
        a.do("/conference", calls=[call, second])
        a.do("/conference")
        a.do(f"/calls/{second}/hangup")
        a.do(f"/calls/{call}/transfer", to="a")  # b calls a, as it is told
        a.do(f"/calls/{a.call_in('ringing')}/answer")
        wait_for("what came of the transfer", lambda: [each for each in a.events() if each["what"] == "transfer"
                                                       and each["status"] == 200])
        wait_for("the recording", lambda: recording.stat().st_size > 1000)
        self.assertEqual(b.ask("GET", "/parameters")[0], 200)
        b.do("/parameters", name="User ID[1]", value="b")
        described = {operation["operationId"] for methods in DESCRIPTION["paths"].values()
                     for operation in methods.values()}
        self.assertEqual(described - Phone.exercised, {"follow"}, "not one of them is left out")

    def test_what_cannot_be_done_is_said(self):
        a = self.phone("a", "b")
        for path, body, status, words in (
                ("/dial", {}, 400, '"to" is missing'),
                ("/dial", {"to": 7}, 400, '"to" must be text'),
                ("/dial", {"to": "7", "line": 0}, 400, '"line" must be a number from 1 to 1000'),
                ("/dial", {"to": "7", "lin": 1}, 400, 'there is no "lin" here; there are: to, line'),
                ("/dial", {"to": "7", "line": 9}, 409, ""),
                ("/calls/1/hold", {"x": 1}, 400, 'there is no "x" here; there is nothing to say'),
                ("/calls/1/hold", {}, 409, "there is no such active call"),
                ("/calls/1/reject", {"status": 200}, 400, "from 400 to 699"),
                ("/calls/1/transfer", {}, 409, 'another "call"'),
                ("/conference", {"calls": ["x"]}, 400, '"calls" must be a list of numbers'),
                ("/parameters", {"name": "Prox[1]", "value": ""}, 409, 'did you mean "Proxy"?'),
                ("/parameters", {"name": "Max Forward", "value": "many"}, 409, "from 1 to 255"),
                ("/parameters", {"name": "Proxy", "value": "x"}, 409, "needs a number"),
                ("/parameters", {"name": "Proxy[1]", "value": "x\ny"}, 409, "one line")):
            with self.subTest(path=path, body=body):
                found, answer = a.ask("POST", path, body)
                self.assertEqual(found, status)
                self.assertIn(words, answer["error"])
        self.assertEqual(a.raw("POST", "/dial", '{"to": ', JSON)[0], 400)
        self.assertEqual(a.raw("POST", "/dial", '{"to": "' + "7" * 5000 + '"}', JSON)[0], 413)
        self.assertEqual(a.ask("GET", "/events?after=x")[0], 400)
        self.assertEqual(a.ask("GET", "/parameters?name=Prox[1]")[0], 409)
        self.assertEqual(a.raw("GET", "/nothing")[0], 404)

    def test_a_file_that_cannot_be_had_is_refused_and_the_call_goes_on(self):
        a, b = self.phone("a", "b"), self.phone("b", "a")
        call, _ = self.call(a, b)
        pipe, text = self.folder / "pipe", self.folder / "text.wav"
        os.mkfifo(pipe)
        text.write_text("this is no sound at all, but long enough for a header of a file")
        for path, words in ((self.folder / "typo.wav", "No such file"), (pipe, "it is not a regular file"),
                            (self.folder, "it is not a regular file"), ("/dev/zero", "it is not a regular file"),
                            (text, "it is not a WAV file")):
            status, answer = a.ask("POST", f"/calls/{call}/source", {"file": str(path)})
            self.assertEqual(status, 409, path)
            self.assertIn(words, answer["error"])
        for path in (pipe, text, self.folder, "/dev/null"):
            status, answer = a.ask("POST", f"/calls/{call}/record", {"path": str(path)})
            self.assertEqual(status, 409, path)
            self.assertIn("it is there already, and nothing is overwritten", answer["error"])
        recording = self.folder / "new.wav"
        a.do(f"/calls/{call}/record", path=str(recording))
        self.assertEqual(recording.stat().st_mode & 0o777, 0o600)
        self.assertEqual([each["state"] for each in a.calls()], ["active"])
        self.assertIn("this is no sound", text.read_text())

    def test_files_that_every_call_would_need_are_looked_at_first(self):
        a = self.phone("a", "b")
        for arguments, words in ((("--source", "file:/none.wav"), "sound file /none.wav: No such file"),
                                 (("--record", "/none"), "cannot record to /none: it is no folder")):
            for check in ((), ("--check",)):
                done = subprocess.run([PHONE, "--config", str(a.profile), *arguments, *check], timeout=10,
                                      stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, os.EX_CONFIG)
                self.assertIn(words, done.stderr)

    def test_what_star_codes_set_is_shown_and_kept(self):
        a, b = self.phone("a", "b"), self.phone("b", "a")
        call, _ = self.call(a, b)
        a.do(f"/calls/{call}/hangup")
        a.do("/dial", to="*72207#")
        a.do("/dial", to="*78")
        self.assertEqual(a.ask("POST", "/dial", {"to": "*72#"})[0], 409)

        def shown(name):
            return a.ask("GET", f"/parameters?name={name.replace(' ', '%20')}")[1][0]["value"]

        def services():
            return a.ask("GET", "/state")[1]["services"]
        self.assertEqual([shown("Cfwd All Dest"), shown("DND Setting")], ["207", "Yes"])
        self.assertEqual((services()["forward-all"], services()["do-not-disturb"]), ("207", True))
        self.assertEqual(a.do("/parameters", name="Display Name[1]", value="A")["starts"], "now")
        wait_for("a has started again", lambda: a.log.read_text().count("phone.ready") == 2)
        wait_for("it answers", lambda: a.ask("GET", "/state")[0] == 200)
        self.assertEqual((services()["forward-all"], services()["do-not-disturb"]), ("207", True))
        self.assertEqual([each["call"] for each in a.ask("GET", "/history")[1]], [call])
        a.do("/dial", to="*73")
        self.assertEqual([shown("Cfwd All Dest"), services()["forward-all"]], ["", ""])

    def test_streams_that_nobody_hears_make_room(self):
        a = self.phone("a", "b")
        for _ in range(4):
            streams = [self.open_stream(a) for _ in range(3)]
            for response in [each.getresponse() for each in streams]:
                self.assertEqual(response.status, 200)
                response.close()
            for each in streams:
                each.close()

    def test_a_page_in_a_browser_is_not_heard(self):
        a = self.phone("a", "b")
        body = json.dumps({"to": "b"})
        for headers, status in (({**JSON, "Origin": "http://127.0.0.1"}, 403), ({**JSON, "Host": "phone.example"}, 403),
                                ({"Content-Type": "text/plain"}, 400), ({}, 400)):
            with self.subTest(headers=headers):
                self.assertEqual(a.raw("POST", "/dial", body, headers)[0], status)
        self.assertEqual(a.raw("GET", "/state", headers={"Origin": "null"})[0], 403)
        self.assertEqual(a.calls(), [], "nobody was called")
        self.assertEqual(a.raw("POST", "/dial", body, JSON)[0], 200, "and the same from a program is heard")

    def test_what_happens_is_told_as_it_happens(self):
        a = self.phone("a", "b")
        stream = subprocess.Popen([RINGWALL, "phone", "--control", str(a.port), "follow"], stdout=subprocess.PIPE,
                                  text=True)
        self.addCleanup(stream.stdout.close)
        self.addCleanup(stream.wait, 5)
        self.addCleanup(stream.kill)
        told = []
        reader = threading.Thread(target=lambda: told.extend(map(json.loads, iter(stream.stdout.readline, ""))),
                                  daemon=True)
        reader.start()
        known = len(a.events())

        def calls_somebody():  # again, until the stream is there
            a.ask("POST", "/dial", {"to": "nobody"})
            return told
        wait_for("the stream tells", calls_somebody)
        calls = [each for each in told if each["what"] == "call"]
        self.assertEqual(calls[0]["state"], "calling")
        self.assertGreater(calls[0]["event"], known)
        schema = {"$ref": "#/components/schemas/Events", "components": DESCRIPTION["components"]}
        jsonschema.Draft4Validator(schema).validate(told[:])

        # Whoever comes back hears what was missed.
        status, first = self.first_of_stream(a, {"Last-Event-ID": "0"})
        self.assertEqual((status, first["event"]), (200, a.events()[0]["event"]))
        others = [self.open_stream(a) for _ in range(2)]
        answers = [each.getresponse() for each in others]  # which hold the connections
        self.assertEqual([each.status for each in answers], [200, 200])
        status, _ = self.first_of_stream(a)
        self.assertEqual(status, 503, "one is too many")
        for each in (*answers, *others):
            each.close()
        a.stop()
        reader.join(5)
        self.assertFalse(reader.is_alive(), "the stream ends with the phone")

    def open_stream(self, phone: Phone, headers=None) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", phone.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/events/stream", headers=headers or {})
        return connection

    def first_of_stream(self, phone: Phone, headers=None):
        connection = self.open_stream(phone, headers)
        response = connection.getresponse()
        if response.status != 200:
            return response.status, None
        for line in iter(response.readline, b""):
            if line.startswith(b"data: "):
                connection.close()
                return 200, json.loads(line[6:])
        return response.status, None

    def slow(self, phone: Phone, count: int, said: bytes = b"") -> list[socket.socket]:
        """Programs that begin a request, and leave it at that."""
        them = []
        for _ in range(count):
            them.append(socket.create_connection(("127.0.0.1", phone.port), PATIENCE))
            self.addCleanup(them[-1].close)
            them[-1].sendall(said)
        return them

    def test_who_is_slow_keeps_nobody_waiting(self):
        a = self.phone("a", "b")
        streams = [self.first_of_stream(a, {"Last-Event-ID": "0"}) for _ in range(2)]
        self.assertEqual([status for status, _ in streams], [200, 200])
        self.slow(a, 8)
        self.slow(a, 6, b"POST /dial HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                        b"Content-Length: 100\r\n\r\n{")
        dripping = self.slow(a, 4, b"GET /state HTTP/1.1\r\nX: ")
        is_over = threading.Event()

        def drip():
            while not is_over.wait(0.1):
                for each in dripping:
                    with contextlib.suppress(OSError):  # it is not heard any more
                        each.sendall(b"x")
        dripper = threading.Thread(target=drip, daemon=True)
        dripper.start()
        try:
            for _ in range(3):
                asked = time.monotonic()
                self.assertEqual(a.ask("GET", "/state")[0], 200)
                self.assertLess(time.monotonic() - asked, 3)
            # Alone as well a request has its time.
            began = time.monotonic()
            alone = self.slow(a, 1, b"GET /state HTTP/1.1\r\nX: ")[0]
            dripping.append(alone)
            alone.settimeout(PATIENCE)
            with contextlib.suppress(ConnectionResetError):
                while alone.recv(4096):  # 400, maybe
                    pass
            self.assertLess(time.monotonic() - began, 8)

            # And the phone ends when it is told.
            self.slow(a, 12)
            self.slow(a, 1, b"GET /state HTTP/1.1\r\n")
            told = time.monotonic()
            self.assertEqual(a.stop(), 0)
            self.assertLess(time.monotonic() - told, 2)
        finally:
            is_over.set()
            dripper.join()

    def test_a_request_is_not_without_end(self):
        a = self.phone("a", "b")
        one = self.slow(a, 1, b"GET /state HTTP/1.1\r\nX: ")[0]
        with self.assertRaises(OSError):
            for _ in range(1000):
                one.sendall(b"x" * 65536)
        self.assertEqual(a.ask("GET", "/state")[0], 200)

    def test_commands(self):
        a, b = self.phone("a", "b"), self.phone("b", "a")
        dialled = a.command("dial", "b")
        self.assertEqual((dialled.returncode, dialled.stdout, dialled.stderr), (0, "call 1\n", ""))
        ringing = str(b.call_in("ringing"))
        answered = b.command("answer", ringing)
        self.assertEqual((answered.returncode, answered.stdout), (0, ""))
        a.call_in("active")
        state = a.command("state")
        self.assertIn("state active", state.stdout)
        self.assertEqual(json.loads(a.command("--json", "state").stdout)["calls"][0]["state"], "active")
        self.assertEqual(a.command("hangup", "1").returncode, 0)
        refused = a.command("hold", "77")
        self.assertEqual((refused.returncode, refused.stdout, refused.stderr), (1, "", "there is no such active call\n"))
        self.assertEqual(a.command("reject", "1", "--status", "200").returncode, 64)
        fly = a.command("fly")
        self.assertEqual((fly.returncode, fly.stderr), (64, "there is no command 'fly'; --help has them all\n"))
        for wrong in (("hangup", "-1"), ("conference", "1", "-1"), ("transfer", "1", "--call", "-1")):
            self.assertEqual(a.command(*wrong).returncode, 64, wrong)
        a.stop()
        nobody = a.command("state")
        self.assertEqual(nobody.returncode, 69)
        self.assertIn(f"--control {a.port}", nobody.stderr)

    def test_an_order_starts_it_again(self):
        a = self.phone("a", "b")
        self.assertEqual(a.command("set", "Auth Resync-Reboot[1]", "No").returncode, 0)
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        a.profile.write_text(a.profile.read_text().replace('User_ID[1] "a"', 'User_ID[1] "anna"'))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            port = server.getsockname()[1]
            server.settimeout(PATIENCE)
            server.sendto((f"NOTIFY sip:a@127.0.0.1:{a.sip_port} SIP/2.0\r\n"
                           f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                           "From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: 1\r\n"
                           f"CSeq: 1 NOTIFY\r\nContact: <sip:b@127.0.0.1:{port}>\r\nEvent: check-sync\r\n"
                           "Subscription-State: terminated\r\nContent-Length: 0\r\n\r\n").encode(),
                          ("127.0.0.1", a.sip_port))
            self.assertIn(b"200 OK", server.recv(4000))
        wait_for("the profile as it is now", lambda: "anna" in a.command("state").stdout)

    def test_setting_parameters(self):
        a, b = self.phone("a", "b"), self.phone("b", "a")
        self.assertEqual(a.command("get", "Proxy[1]").stdout, f'Proxy[1] "127.0.0.1:{b.sip_port}"\n')
        changed = a.command("get").stdout
        self.assertIn('Password[1] "***"', changed)
        wrong = a.command("set", "Max Forward", "many")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("from 1 to 255", wrong.stderr)
        before = a.profile.read_text()
        self.assertNotIn("Max_Forward", before)

        # At once, where nobody is talking; what the operator wrote stays as it was.
        done = a.command("set", "User ID[1]", "anna \"a\" \\")
        self.assertEqual((done.returncode, done.stdout), (0, "starts now\n"))
        wait_for("the new name", lambda: "anna" in a.command("state").stdout)
        self.assertTrue(a.profile.read_text().startswith(before))
        self.assertIn('User_ID[1] "anna \\"a\\" \\\\" ;\n', a.profile.read_text())
        self.assertEqual(a.profile.stat().st_mode & 0o777, 0o600)
        self.assertEqual(a.command("set", "User ID[1]", "anna").returncode, 0)
        self.assertEqual(a.profile.read_text().count("User_ID"), 2, "the operator's and the last")
        self.assertEqual(a.command("set", "User ID[1]", "anna").stdout, "starts not needed\n")
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)

        # After the call, where somebody is.
        call, _ = self.call(a, b)
        done = a.command("set", "User ID[1]", "ann")
        self.assertEqual(done.stdout, "starts after the last call\n")
        self.assertEqual([each["state"] for each in a.calls()], ["active"])
        a.do(f"/calls/{call}/hangup")
        wait_for("the new name", lambda: "sip:ann@" in a.command("state").stdout)

        # What contradicts itself is told; what cannot be started with is taken back.
        done = a.command("set", "Restricted Access Domains", "sip.example.com")
        self.assertIn("Restricted Access Domains", done.stdout)
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        self.assertEqual(a.command("set", "Restricted Access Domains", "").returncode, 0)
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        kept = a.profile.read_text()
        a.command("set", "SIP Port[1]", str(b.sip_port))
        wait_for("the log tells", lambda: "phone.parameters-reverted" in a.log.read_text())
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        self.assertEqual(a.profile.read_text(), kept)
        call, _ = self.call(a, b)
        for name, value in (("SIP Port[1]", str(b.sip_port)), ("Max Forward", "69")):
            self.assertEqual(a.command("set", name, value).stdout, "starts after the last call\n")
        a.do(f"/calls/{call}/hangup")
        wait_for("the log tells again", lambda: a.log.read_text().count("phone.parameters-reverted") == 2)
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        self.assertEqual(a.profile.read_text(), kept, "back to what it ran with, not to the last but one")
        self.assertEqual(a.command("get", "SIP Port[1]").stdout, f'SIP Port[1] "{a.sip_port}"\n')
        missing = a.command("set", "Custom CA File", "/nonexistent/ca.pem")
        self.assertEqual(missing.returncode, 0, "there is no line over TLS")
        wait_for("the phone is back", lambda: a.command("state").returncode == 0)
        refused = a.command("set", "SIP Transport[1]", "TLS")
        self.assertEqual((refused.returncode, refused.stderr),
                         (1, "Custom CA File: /nonexistent/ca.pem: cannot be read: No such file or directory\n"))
        self.assertEqual(a.stop(), 0)
        self.assertNotIn("do-not-tell", a.log.read_text())


if __name__ == "__main__":
    unittest.main()
