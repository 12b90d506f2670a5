#!/usr/bin/python3
"""`ringwall console` on a terminal and with scripts, against the console's server with a dialogue that is none.
RINGWALL and CONSOLE_PEER name the programs."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import pexpect

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from lab.waiting import wait_for  # noqa: E402

RINGWALL = os.environ.get("RINGWALL", str(ROOT / "build/debug/apps/ringwall"))
PEER = os.environ.get("CONSOLE_PEER", str(ROOT / "build/debug/test/console_peer"))
PATIENCE = 15
PROMPT = "ringwall# "
UP, LEFT = "\x1b[A", "\x1b[D"


class ConsoleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ringwall-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.socket = self.folder / "console"
        self.environment = {**os.environ, "HOME": folder.name, "TERM": "vt100", "LC_ALL": "C.UTF-8",
                            "RINGWALL_CONSOLE": str(self.socket)}

    def start_server(self) -> subprocess.Popen:
        server = subprocess.Popen([PEER, str(self.socket)])
        self.addCleanup(self.stop, server)
        wait_for("the server listens", self.is_listening)
        return server

    def is_listening(self) -> bool:
        """Asked of the system: a connection would be a session."""
        accepts = "00010000"
        return any(line.split()[3] == accepts and line.endswith(f" {self.socket}")
                   for line in pathlib.Path("/proc/net/unix").read_text().splitlines())

    def stop(self, server: subprocess.Popen) -> None:
        server.terminate()
        server.wait(PATIENCE)

    def open_terminal(self):
        terminal = pexpect.spawn(RINGWALL, ["console"], env=self.environment, timeout=PATIENCE, encoding="utf-8",
                                 dimensions=(24, 100))
        self.addCleanup(terminal.close, True)
        self.see(terminal, "welcome ", PROMPT)
        return terminal

    def see(self, terminal, *texts: str) -> str:
        """These, in this order; all that stands between them."""
        between = ""
        for text in texts:
            terminal.expect_exact(text)
            between += terminal.before
        return between

    def status_of(self, terminal) -> int:
        terminal.expect(pexpect.EOF)
        terminal.close()
        return terminal.exitstatus

    def script(self, text: str, *arguments: str):
        """What it printed, and what it complained of after the greeting."""
        done = subprocess.run([RINGWALL, "console", *arguments], input=text, capture_output=True, text=True,
                              env=self.environment, timeout=PATIENCE, check=False)
        self.assertNotIn("welcome", done.stdout)
        done.stderr = re.sub(r"^welcome \S+\n", "", done.stderr)
        return done

    # ---- on a terminal

    def test_lines_are_answered_behind_the_servers_prompt(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("show calls\r")
        self.see(terminal, "1: show calls\r\n", PROMPT)
        terminal.send("wrong\r")
        self.see(terminal, "% There is no 'wrong' here.\r\n", PROMPT)
        terminal.send("\u00e9 \u6f22 wrong\r")  # wide ones take two columns
        self.see(terminal, "wrong\r\n" + " " * (len(PROMPT) + 5) + "^\r\n% Invalid input", PROMPT)
        terminal.send("description \u00e9\u20ac\r")
        self.see(terminal, "1: description \u00e9\u20ac\r\n", PROMPT)
        terminal.send("configure\r")
        self.see(terminal, "ringwall(config)# ")
        terminal.send("\r")
        self.see(terminal, "1: \r\n", "ringwall(config)# ")

    def test_tab_completes_or_lists(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("sec\tx\r")
        self.see(terminal, "1: security x\r\n", PROMPT)
        terminal.send("sig\t\t")  # as far as it is clear
        self.see(terminal, "signaling-address  Where it listens\r\n", "signaling-port     The port it listens on\r\n",
                 PROMPT + "signaling-")
        terminal.send("p\t5060\r")
        self.see(terminal, "1: signaling-port 5060\r\n", PROMPT)
        terminal.send("name \t")  # one may as well say something else
        self.see(terminal, "NAME               A name of your choice\r\n", PROMPT + "name ")
        terminal.send("\r")
        self.see(terminal, "1: name \r\n")

    def test_a_question_mark_helps_and_does_nothing(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("show se?")
        self.see(terminal, "?\r\n", "  security  How far the peer is trusted\r\n", "  NAME      A name of your choice\r\n",
                 PROMPT + "show se")
        terminal.send("c\r")
        self.see(terminal, "1: show sec\r\n", PROMPT)
        terminal.send("description \"why?\"\r")  # in quotes it is itself
        self.see(terminal, "1: description \"why?\"\r\n", PROMPT)
        terminal.send("show x" + LEFT + "?")  # of what is left of the cursor
        self.see(terminal, "configure ", "NAME ", PROMPT + "show x")

    def test_control_c_drops_the_line(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("commit")
        self.see(terminal, "commit")
        terminal.sendintr()
        self.see(terminal, PROMPT)
        terminal.send("show\r")
        self.see(terminal, "1: show\r\n", PROMPT)

    def test_control_d_asks_like_exit(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("\x04")
        self.see(terminal, "Leave? [no]: ")
        terminal.send("\r")
        self.see(terminal, PROMPT)
        terminal.send("\x04")
        self.see(terminal, "Leave? [no]: ")
        terminal.send("yes\r")
        self.assertEqual(self.status_of(terminal), 0)

    def test_history_is_kept_but_for_secrets(self):
        self.start_server()
        terminal = self.open_terminal()
        for line in ("show calls", "show calls", "adjacency sip office", "password hidden1"):
            terminal.send(line + "\r")
            self.see(terminal, f"1: {line}\r\n", PROMPT)
        terminal.send("pasword hidden2 wrong\r")
        self.see(terminal, "% There is no 'wrong' here.\r\n", PROMPT)
        terminal.send(UP)  # to be mended, while one is there
        self.see(terminal, "pasword hidden2 wrong")
        terminal.sendintr()
        self.see(terminal, PROMPT)
        terminal.send(UP + UP + "x\r")
        self.see(terminal, "1: adjacency sip officex\r\n", PROMPT)
        terminal.send(UP + UP + UP + UP + "y\r")
        self.see(terminal, "1: show callsy\r\n", PROMPT)
        terminal.close(force=True)  # the window is gone
        file = self.folder / ".ringwall_history"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("hidden", file.read_text())

        again = self.open_terminal()
        again.send(UP + "\r")
        self.see(again, "2: show callsy\r\n")

    def test_several_at_once(self):
        self.start_server()
        first, second = self.open_terminal(), self.open_terminal()
        second.send("a\r")
        self.see(second, "2: a\r\n", PROMPT)
        first.send("b\r")
        self.see(first, "1: b\r\n", PROMPT)

    def test_much_is_shown(self):
        self.start_server()
        terminal = self.open_terminal()
        terminal.send("much 5000000\r")
        shown = self.see(terminal, PROMPT)
        self.assertEqual(shown.count("x"), 5000000)

    def test_a_server_that_goes_is_said_at_once(self):
        server = self.start_server()
        terminal = self.open_terminal()
        terminal.send("half a li")
        self.see(terminal, "half a li")
        self.stop(server)
        self.see(terminal, f"{self.socket}: ringwall-sbc has closed this session, or has ended\r\n")
        self.assertEqual(self.status_of(terminal), 69)

    def test_what_is_announced_leaves_the_line_as_it_is(self):
        server = self.start_server()
        terminal = self.open_terminal()
        terminal.send("half a \u20acine" + LEFT)
        self.see(terminal, "ine")
        server.send_signal(signal.SIGUSR1)
        self.see(terminal, "\r\n% Alarm: the disk is full\r\n", PROMPT + "half a \u20acine")
        terminal.send("x\r")
        self.see(terminal, "1: half a \u20acinxe\r\n", PROMPT)
        script = subprocess.Popen([RINGWALL, "console"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(script.communicate)
        self.assertRegex(script.stderr.readline(), "^welcome")
        server.send_signal(signal.SIGUSR1)
        self.see(terminal, "% Alarm: the disk is full\r\n", PROMPT)
        said, complaint = script.communicate("one\n", timeout=PATIENCE)
        self.assertEqual((script.returncode, said, complaint), (0, "2: one\n", ""))

    def test_a_session_that_is_ended_is_told_why(self):
        server = self.start_server()
        terminal = self.open_terminal()
        terminal.send("half a li")
        self.see(terminal, "half a li")
        server.send_signal(signal.SIGUSR2)
        self.see(terminal, "This session was ended by eve (session 2).\r\n")
        self.assertEqual(self.status_of(terminal), 69)

    def test_the_terminal_is_as_it_was(self):
        self.start_server()
        shell = pexpect.spawn("/bin/sh", env={**self.environment, "PS1": "$ "}, timeout=PATIENCE, encoding="utf-8",
                              dimensions=(24, 200))
        self.addCleanup(shell.close, True)
        shell.sendline("cd; stty -g > before")
        shell.sendline(f"{RINGWALL} console")
        self.see(shell, "welcome ", PROMPT)
        shell.send("exit\ryes\r")
        shell.sendline("stty -g > after; echo status $((40 + 2))")
        self.see(shell, "status 42")
        self.assertEqual((self.folder / "before").read_text(), (self.folder / "after").read_text())

    # ---- scripts

    def test_a_script_prints_what_is_said_and_no_prompts(self):
        self.start_server()
        done = self.script("configure\nshow calls\r\nlast without an end")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "1: show calls\n1: last without an end\n")
        self.assertFalse((self.folder / ".ringwall_history").exists())

    def test_a_script_stops_at_the_first_line_that_fails(self):
        self.start_server()
        done = self.script("one\n\nwrong\nfour\n")
        self.assertEqual((done.returncode, done.stderr), (1, "line 3: % There is no 'wrong' here.\n"))
        self.assertEqual(done.stdout, "1: one\n1: \n")
        done = self.script("wrong with a caret\n")
        self.assertEqual(done.stderr, "line 1:\nwrong with a caret\n      ^\n% There is no 'wrong' here.\n")
        for line in ("x\x1b[2Jx", "x" * 70000):
            done = self.script(f"one\n{line}\n")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"^line 2: % (A line may hold no control|This line is too long)")

    def test_a_script_ends_with_the_session(self):
        self.start_server()
        done = self.script("exit\nyes\nwrong\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_server_that_is_not_there(self):
        for _ in range(2):
            done = self.script("show\n")
            self.assertEqual((done.returncode, done.stdout), (69, ""))
            self.assertRegex(done.stderr, rf"^no ringwall-sbc listens on {self.socket}; [^\n]*\n$")
            server = self.start_server()
            server.kill()  # and one that has left its socket
            server.wait()
        other = self.script("show\n", "--socket", "/nonexistent/console")
        self.assertEqual(other.returncode, 69)
        self.assertIn("/nonexistent/console", other.stderr)
        self.assertEqual(self.script("", "--sockt", "x").returncode, 64)

    def test_what_answers_may_be_no_console(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.socket))
            other.listen()
            for answer in (b"hello\n", b"{}\n", b'{"output": 1, "prompt": "", "failed": false, "ended": false}\n'):
                client = subprocess.Popen([RINGWALL, "console"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                          text=True, env=self.environment)
                self.addCleanup(client.communicate)
                connection, _ = other.accept()
                with connection:
                    connection.sendall(answer)
                    _, complaint = client.communicate(timeout=PATIENCE)
                self.assertEqual((client.returncode, complaint),
                                 (69, f"{self.socket}: what answers there is no console of ringwall-sbc\n"))

    def test_a_server_that_goes_ends_a_script(self):
        server = self.start_server()
        script = subprocess.Popen([RINGWALL, "console"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(script.communicate)
        script.stdin.write("one\n")
        script.stdin.flush()
        self.assertRegex(script.stderr.readline(), "^welcome")
        self.assertEqual(script.stdout.readline(), "1: one\n")
        self.stop(server)
        _, complaint = script.communicate("two\n", timeout=PATIENCE)
        self.assertEqual((script.returncode, complaint),
                         (69, f"{self.socket}: ringwall-sbc has closed this session, or has ended\n"))

    def test_who_is_in_no_group_does_not_get_in(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")
        self.start_server()
        self.folder.chmod(0o755)
        refused = subprocess.run([RINGWALL, "console"], input="", capture_output=True, text=True, user="nobody", group=0,
                                 extra_groups=[], env=self.environment, timeout=PATIENCE, check=False)
        self.assertEqual((refused.returncode, refused.stdout), (69, ""))
        self.assertRegex(refused.stderr, r"^You may not use the console: [^\n]*\n$")
        outside = subprocess.run([RINGWALL, "console"], input="", capture_output=True, text=True, user="nobody",
                                 group="nogroup", extra_groups=[], env=self.environment, timeout=PATIENCE, check=False)
        self.assertEqual(outside.returncode, 69)
        self.assertRegex(outside.stderr, r"^[^\n]*you may not use this console[^\n]*\n$")


if __name__ == "__main__":
    unittest.main()
