#!/usr/bin/python3
"""ringwall-sbc and ringwall-phone as services: what the service manager that started them is told, that its watchdog barks when a
worker hangs, and what is left of root where a border controller becomes another user."""
import ctypes
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time
import unittest

from system_test import OUTSIDE, PHONES, PROGRAM, SystemTest, main, wait_for

NOBODY = "nobody"
NET_BIND_SERVICE = 1 << 10
PATIENCE = 2.0  # of the watchdog, in seconds
CONFIGURATION = """\
configure
sbc test
 sbe
  tls certificate ../pki/sbc.crt
  tls private-key ../pki/sbc.key
  tls trust-anchors ../pki/ca.crt
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   signaling-address ipv4 {phones}
   domain ringwall.test
   attach
  adjacency sip outside
   security untrusted
   signaling-address ipv4 {outside}
   signaling-port 506
   attach
commit
"""
OPTIONS = """\
OPTIONS sip:ringwall.test SIP/2.0\r
Via: SIP/2.0/UDP {peer}:5060;branch=z9hG4bK-{number}\r
Max-Forwards: 70\r
From: <sip:peer@outside.test>;tag=1\r
To: <sip:ringwall.test>\r
Call-ID: {number}\r
CSeq: 1 OPTIONS\r
Content-Length: 0\r
\r
"""
PEER = "203.0.113.31"
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


def trace(request: int, thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")


class Manager:
    """A stand-in for systemd: the socket where it listens, and what it heard with the time of it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._path.chmod(0o666)
        self._socket.setblocking(False)
        self._heard: list[tuple[float, str]] = []

    def environment(self, watches: bool) -> dict[str, str]:
        patience = {"WATCHDOG_USEC": str(int(PATIENCE * 1e6))} if watches else {}
        return {**os.environ, "NOTIFY_SOCKET": str(self._path), **patience}

    def heard(self) -> list[tuple[float, str]]:
        while True:
            try:
                self._heard.append((time.monotonic(), self._socket.recv(4096).decode()))
            except BlockingIOError:
                return self._heard

    def states(self) -> list[str]:
        """Without the watchdog's food."""
        return [state.split("\n")[0] for _, state in self.heard() if state != "WATCHDOG=1"]

    def silence(self) -> float:
        """For how long the watchdog had nothing."""
        return time.monotonic() - max((at for at, state in self.heard() if state in ("WATCHDOG=1", "READY=1")), default=0)

    def close(self) -> None:
        self._socket.close()


class Service(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.store = self.folder / "store"
        self.store.mkdir()
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.close)

    def start_service(self, *options: str, watches: bool = False) -> subprocess.Popen:
        process = self.start("sbc", [str(PROGRAM), "--store", "store", "--console", "store/console", "--workers", "2", *options],
                             env=self.manager.environment(watches))
        return process

    def say(self, script: str) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM.parent / "ringwall", "console", "--socket", "store/console"], cwd=self.folder, input=script,
                              capture_output=True, text=True, timeout=60, check=False)

    def configure(self) -> None:
        done = self.say(CONFIGURATION.format(phones=PHONES, outside=OUTSIDE))
        self.assertEqual(done.returncode, 0, done.stderr)

    def wait_states(self, *states: str) -> None:
        wait_for(f"{states} at the service manager, which heard {self.manager.heard()}; {self.logs()}",
                 lambda: self.manager.states() == list(states))

    def stop(self, process: subprocess.Popen) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    def answer_to_options(self) -> str:
        """Its first line, for who asks outside."""
        if not hasattr(self, "peer"):
            self.network.add("peer", [f"{PEER}/24"])
            self.peer = self.network.socket("peer", socket.SOCK_DGRAM)
            self.addCleanup(self.peer.close)
            self.peer.bind((PEER, 5060))
            self.peer.settimeout(10)
        self.peer.sendto(OPTIONS.format(peer=PEER, number=time.monotonic_ns()).encode(), (OUTSIDE, 506))
        return self.peer.recv(4096).decode().split("\r\n")[0]

    # ---- what the manager is told

    def test_the_manager_is_told_when_it_is_ready_reloads_and_stops(self):
        process = self.start_service()
        self.wait_states("READY=1")
        self.configure()
        process.send_signal(signal.SIGHUP)
        self.wait_states("READY=1", "RELOADING=1", "READY=1")
        self.assertRegex(self.manager.heard()[1][1], r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertEqual(self.stop(process), 0)
        self.wait_states("READY=1", "RELOADING=1", "READY=1", "STOPPING=1")
        self.assertNotIn("WATCHDOG=1", [state for _, state in self.manager.heard()], "nobody watches")

    def test_whoever_may_drain_asks_for_as_much_patience(self):
        process = self.start_service("--drain", "30")
        self.wait_states("READY=1")
        self.assertEqual(self.stop(process), 0)  # there is no call to wait for
        self.wait_states("READY=1", "STOPPING=1", "EXTEND_TIMEOUT_USEC=40000000")

    def test_what_does_not_start_is_not_ready(self):
        (self.folder / "wrong.conf").write_text("sbc test\n sbe\n  adjacency sip x\n   nonsense\n")
        process = self.start("sbc", [str(PROGRAM), "--config", "wrong.conf"], env=self.manager.environment(False))
        self.assertEqual(process.wait(20), 78)
        self.assertEqual(self.manager.heard(), [])

    def test_the_watchdog_is_fed_until_a_worker_hangs(self):
        process = self.start_service(watches=True)
        self.wait_states("READY=1")
        self.configure()
        before = time.monotonic()
        wait_for("the watchdog's food for a while", lambda: time.monotonic() - before > 2 * PATIENCE)
        meals = [at for at, state in self.manager.heard() if state == "WATCHDOG=1"]
        self.assertLess(max(later - earlier for earlier, later in zip(meals, meals[1:])), PATIENCE)
        self.assertGreater(len(meals), 4)
        # The threads of the workers have read what is said to them; the first of all is the main one.
        workers = self.workers(process)
        self.assertEqual(len(workers), 2)
        for worker in workers:
            trace(PTRACE_SEIZE, worker)
            trace(PTRACE_INTERRUPT, worker)
            wait_for("a hungry watchdog", lambda: self.manager.silence() > PATIENCE, 4 * PATIENCE)
            os.waitpid(worker, 0x40000000)  # __WALL: before it is let go, it must have stopped
            trace(PTRACE_DETACH, worker)
            wait_for("food, since it turns again", lambda: self.manager.silence() < PATIENCE / 2)
        self.assertEqual(self.stop(process), 0)

    @staticmethod
    def workers(process: subprocess.Popen) -> list[int]:
        """The threads that have an epoll descriptor to wait at, without the first."""
        tasks = pathlib.Path(f"/proc/{process.pid}/task")
        return [int(task.name) for task in sorted(tasks.iterdir(), key=lambda each: int(each.name))
                if int(task.name) != process.pid and (task / "syscall").read_text().split()[0] in ("232", "281", "441")]

    def test_a_phone_says_it_too(self):
        (self.folder / "phone.conf").write_text('Line_Enable[1] "No" ;\n')
        process = self.start("sbc", [str(PROGRAM.parent / "ringwall-phone"), "--config", "phone.conf"],
                             env=self.manager.environment(False))
        self.wait_states("READY=1")
        self.assertEqual(self.stop(process), 0)
        self.wait_states("READY=1", "STOPPING=1")

    # ---- root is given up

    def status_of(self, process: subprocess.Popen) -> list[dict[str, str]]:
        """Of each thread."""
        return [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()]

    @unittest.skipIf(len(pathlib.Path("/proc/self/uid_map").read_text().split()) == 3 and
                     pathlib.Path("/proc/self/uid_map").read_text().split()[2] == "1", "there is one user only here")
    def test_root_becomes_another_user_and_keeps_low_ports_alone(self):
        user = pwd.getpwnam(NOBODY)
        self.folder.chmod(0o755)
        for path in (self.store, self.folder / "pki", *(self.folder / "pki").iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        process = self.start_service("--user", NOBODY)
        self.wait_states("READY=1")
        self.configure()
        groups = {int(group) for group in subprocess.run(["id", "-G", NOBODY], capture_output=True, text=True, check=True).stdout.split()}
        threads = self.status_of(process)
        self.assertGreater(len(threads), 3)
        for status in threads:
            self.assertEqual(status["Uid"].split(), [str(user.pw_uid)] * 4)
            self.assertEqual(status["Gid"].split(), [str(user.pw_gid)] * 4)
            self.assertEqual({int(group) for group in status["Groups"].split()}, groups)
            capabilities = {which: int(status[which], 16) for which in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
            # The allocator's thread was there before, and has none at all.
            is_the_allocators = status["Name"] == "jemalloc_bg_thd"
            self.assertEqual(capabilities, {"CapEff": 0 if is_the_allocators else NET_BIND_SERVICE,
                                            "CapPrm": 0 if is_the_allocators else NET_BIND_SERVICE, "CapInh": 0, "CapAmb": 0}, status["Name"])
            if not is_the_allocators:
                self.assertEqual((int(status["CapBnd"], 16), status["NoNewPrivs"]), (0, "1"), status["Name"])
        # A port below 1024 that was asked for afterwards.
        self.assertRegex(self.answer_to_options(), r"^SIP/2\.0 \d\d\d ")
        for file in self.store.rglob("*"):
            self.assertEqual(file.stat().st_uid, user.pw_uid, file)
        self.assertEqual(self.stop(process), 0)

    def test_who_cannot_become_that_user_does_not_start(self):
        for options, sentence in ((["--user", "nobody-at-all"], r"^--user nobody-at-all: there is no such user on this machine\n$"),
                                  (["--user", "root"], r"^--user root gives nothing up; name a user that is not root, as 'ringwall'\n$")):
            done = self.network.run("sbc", [str(PROGRAM), "--store", str(self.store), *options])
            self.assertEqual(done.returncode, 77)
            self.assertRegex(done.stderr, sentence)
        self.assertEqual(list(self.store.iterdir()), [], "nothing was begun")


if __name__ == "__main__":
    main()
