#!/usr/bin/python3
"""The real ringwall-sbc while the disk of its trace, its records and its audit log hangs: a write does not come back. Calls, console,
signals and the watchdog go on, an alarm says so, and when the disk is there again all is written that was promised. It ends in time."""
import collections
import json
import os
import pathlib
import re
import signal
import subprocess

from system_test import PROGRAM, SystemTest, main, wait_for
from test_service import Manager
from test_sipp import CALLEE, CALLER, CONFIGURATION

CALLS = 20
NAMES = ("trace.jsonl", "record.jsonl", "store/audit.log")


class HangingFile:
    """A pipe that is full: who writes to it waits until somebody reads."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._octets = b""
        self.hang()

    def hang(self) -> None:
        try:
            while os.write(self._end, b"\n" * 4096):
                pass
        except BlockingIOError:
            pass

    def lines(self) -> list[str]:
        """What has come until now: the disk is there again."""
        try:
            while octets := os.read(self._end, 1 << 16):
                self._octets += octets
        except BlockingIOError:
            pass
        return [line.decode() for line in self._octets.split(b"\n")[:-1] if line]

    def close(self) -> None:
        os.close(self._end)


class Hang(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "store").mkdir()
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.close)
        self.starts = 0
        self.network.add("caller", [f"{CALLER}/24"])
        self.network.add("callee", [f"{CALLEE}/24"])

    def hanging_files(self) -> list[HangingFile]:
        files = [HangingFile(self.folder / name) for name in NAMES]
        for file in files:
            self.addCleanup(file.close)
        return files

    def start_border(self) -> subprocess.Popen:
        process = self.start("sbc", [str(PROGRAM), "--store", "store", "--console", "console", "--workers", "2", "--trace", NAMES[0],
                                     "--record", NAMES[1]], env=self.manager.environment(watches=True))
        self.starts += 1
        wait_for("READY=1", lambda: self.manager.states().count("READY=1") == self.starts, 20)
        return process

    def log(self) -> str:
        return (self.folder / "sbc.log").read_text()

    def say(self, script: str) -> str:
        done = subprocess.run([PROGRAM.parent / "ringwall", "console", "--socket", "console"], cwd=self.folder, input=script,
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def configure(self) -> None:
        self.say("configure\nsbc test\nsbe\n" + CONFIGURATION.format(transport="udp") + "commit\n")

    def call(self) -> None:
        callee = self.start("callee", ["sipp", "-sn", "uas", "-i", CALLEE, "-p", "5060", "-nostdin"])
        self.wait_listening(callee, "udp", 5060)
        caller = self.start("caller", ["sipp", "-sn", "uac", "-i", CALLER, "-p", "5060", "-m", str(CALLS), "-r", "50", "-d", "100", "-nostdin",
                                       "-timeout", "30", "-timeout_error", "203.0.113.1:5060"])
        self.assertEqual(caller.wait(40), 0)
        self.end(callee)

    def wait_alarms(self) -> str:
        def all_named():
            alarms = self.say("show alarms\n")
            return alarms if all(re.search(rf"^(Alarm: )?\S*{name} hangs: ", alarms, re.M) for name in NAMES) else ""
        return wait_for("an alarm for each file", all_named, 20)

    def test_a_disk_that_hangs_stops_nobody_and_nothing_is_lost(self):
        trace, record, audit = self.hanging_files()
        process = self.start_border()
        self.configure()
        self.call()
        alarms = self.wait_alarms()
        self.assertIn("records of calls wait in the store and in memory for their file, which hangs", alarms)
        for name in NAMES:
            wait_for("its line in the log", lambda name=name: re.search(rf' warning alarm text="\S*{name} hangs: ', self.log()))
        meals = self.meals()
        wait_for("the watchdog's food", lambda: self.meals() >= meals + 5, 20)
        # As logrotate does; and counters are written into the log.
        process.send_signal(signal.SIGHUP)
        wait_for("the end of its reload", lambda: self.manager.states()[-2:] == ["RELOADING=1", "READY=1"])
        process.send_signal(signal.SIGUSR1)
        wait_for("the counters", lambda: "counter name=messages_in" in self.log())
        self.call()
        # It is there again.
        wait_for("its records", lambda: (trace.lines(), audit.lines()) and len(record.lines()) >= 2 * CALLS)
        wait_for("the end of the alarms", lambda: (trace.lines(), record.lines(), audit.lines()) and self.say("show alarms\n") == "No alarms.\n")
        for name in NAMES:
            wait_for("its end in the log", lambda name=name: re.search(rf' info alarm.over text="\S*{name} hangs: ', self.log()))
        calls = collections.Counter(json.loads(line)["call"] for line in record.lines())
        self.assertEqual((len(calls), set(calls.values())), (2 * CALLS, {1}))
        # INVITE, 180, 200, ACK and BYE on both sides, our 100 and our 200; the callee may be ended before its last.
        messages = collections.Counter(json.loads(line).get("call") for line in trace.lines())
        for call in calls:
            self.assertGreaterEqual(messages[call], 12)
        wait_for("the last command", lambda: '"text":"show alarms"' in audit.lines()[-2])
        said = [json.loads(line) for line in audit.lines()]
        self.assertEqual([line["time"] for line in said], sorted(line["time"] for line in said))
        commands = [line["text"] for line in said if line["what"] == "command"]
        self.assertEqual((commands[:2], commands.count("commit")), (["configure", "sbc test"], 1))
        self.assertNotIn("lost", "".join([*trace.lines(), *record.lines(), *audit.lines()]))
        self.assertEqual(self.stop(process), 0)
        self.assertNotIn("not-written", self.log())

    def meals(self) -> int:
        return len([state for _, state in self.manager.heard() if state == "WATCHDOG=1"])

    def stop(self, process: subprocess.Popen) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    def test_it_ends_though_nobody_reads_its_standard_error(self):
        log = HangingFile(self.folder / "log")
        self.addCleanup(log.close)
        with open(log.path, "wb") as end:
            process = self.network.start("sbc", [str(PROGRAM), "--store", "store", "--console", "console", "--workers", "2"],
                                         cwd=self.folder, stderr=end, env=self.manager.environment(watches=True))
        self.addCleanup(self.end, process)
        wait_for("READY=1", lambda: "READY=1" in self.manager.states(), 20)
        self.configure()
        self.call()
        self.assertEqual(self.stop(process), 0)
        self.assertFalse((self.folder / "console").exists(), "it ended in order")

    def test_it_ends_though_the_disk_hangs_and_records_come_after_the_next_start(self):
        trace, record, audit = self.hanging_files()
        process = self.start_border()
        self.configure()
        self.call()
        self.wait_alarms()
        self.assertEqual(self.stop(process), 0)
        self.assertFalse((self.folder / "console").exists(), "it ended in order")
        log = self.log()
        for file, path, lines, kept in (("trace", NAMES[0], r"\d\d\d", "0"), ("record", NAMES[1], str(CALLS), str(CALLS)),
                                        ("audit", NAMES[2], r"\d+", "0")):
            self.assertRegex(log, f" file.not-written file={file} path={path} lines={lines} records={kept}\n")
        self.assertEqual([file.lines() for file in (trace, record, audit)], [[], [], []])
        process = self.start_border()
        wait_for("its records", lambda: len(record.lines()) >= CALLS, 20)
        self.assertEqual(self.stop(process), 0)
        calls = collections.Counter(json.loads(line)["call"] for line in record.lines())
        self.assertEqual((len(calls), set(calls.values())), (CALLS, {1}))


if __name__ == "__main__":
    main()
