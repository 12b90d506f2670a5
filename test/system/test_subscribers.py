#!/usr/bin/python3
"""Subscribers of the store at the real ringwall-sbc: added on a terminal and by a script, registered by baresip over TLS, and
nowhere to be read again. What becomes of them when the store's file cannot be used."""
import hashlib
import os
import pathlib
import re
import socket
import sqlite3
import subprocess

import pexpect

from system_test import PHONES, PROGRAM, Border, SystemTest, main

from lab.phone import Phone
from lab.waiting import Overdue, wait_for

PATIENCE = 20
PASSWORD = "wonder/land-4711"
CONFIGURATION = """\
configure
sbc test
 sbe
  tls certificate ../pki/sbc.crt
  tls private-key ../pki/sbc.key
  tls trust-anchors ../pki/ca.crt
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication optional
   attach
  {more}
commit
"""


def digests(user: str, password: str) -> list[str]:
    text = f"{user}:ringwall.test:{password}".encode()
    return [hashlib.md5(text).hexdigest(), hashlib.sha256(text).hexdigest(), hashlib.new("sha512_256", text).hexdigest()]


class Subscribers(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.host = socket.gethostname().split(".")[0]
        self.store = self.folder / "store"
        self.database = self.store / "ringwall.db"
        self.done(CONFIGURATION.format(more=""))

    def done(self, script: str) -> str:
        done = self.border.say(script)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, script: str) -> str:
        done = self.border.say(script)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def add(self, user: str, password: str = PASSWORD) -> None:
        self.done(f"subscriber add {user}@ringwall.test\n{password}\n{password}\n")

    def open_terminal(self):
        environment = {**os.environ, "HOME": str(self.folder), "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        terminal = pexpect.spawn(str(PROGRAM.parent / "ringwall"), ["console", "--socket", "console"], cwd=str(self.folder),
                                 env=environment, timeout=PATIENCE, encoding="utf-8", dimensions=(40, 200))
        terminal.logfile_read = (self.folder / "screen.log").open("a")
        self.addCleanup(terminal.logfile_read.close)
        self.addCleanup(terminal.close, True)
        terminal.expect_exact(f"{self.host}# ")
        return terminal

    def phone(self, user: str, number: int, password: str = PASSWORD) -> Phone:
        address = f"192.0.2.{number}"
        self.network.add(user + str(number), [address + "/24"])
        phone = Phone(self.network, user + str(number), address, self.folder / (user + str(number)),
                      f'<sip:{user}@ringwall.test;transport=tls>;auth_user={user};auth_pass={password};regint=120;'
                      f'outbound="sip:{PHONES}:5061;transport=tls"')
        self.addCleanup(phone.stop)
        phone.connect()
        return phone

    def assert_not_registered(self, phone: Phone) -> None:
        with self.assertRaises(Overdue):
            phone.wait_registered(3)

    def assert_nowhere(self, texts: list[str]) -> None:
        """In no file but the store's own and what the phones themselves were told."""
        for file in self.folder.glob("**/*"):
            is_theirs = file.is_file() and (file == self.database or file.name in ("accounts", "console"))
            if file.is_file() and not is_theirs:
                content = file.read_bytes()
                for text in texts:
                    self.assertNotIn(text.encode(), content, file)

    # ---- what it is for

    def test_one_who_was_added_on_a_terminal_registers_and_its_secrets_are_nowhere(self):
        terminal = self.open_terminal()
        terminal.send("subscriber add alice@ringwall.test\r")
        for prompt in ("Password for alice@ringwall.test: ", "Again the password for alice@ringwall.test: "):
            terminal.expect_exact(prompt)
            terminal.send(PASSWORD + "\r")
            terminal.expect_exact("\r\n")
            self.assertEqual(terminal.before, "", "nothing of it is shown")
        terminal.expect_exact(f"{self.host}# ")
        terminal.send("show services sbc test sbe subscribers\r")
        terminal.expect_exact("alice@ringwall.test\r\n  username alice, realm ringwall.test, in the store\r\n")
        self.phone("alice", 11).wait_registered()
        self.assert_not_registered(self.phone("alice", 12, password="another"))

        # Everything that shows anything.
        terminal.send("\x1b[A\x1b[A\x1b[A")  # what was typed before
        terminal.send("\x01\x0b")
        for command in ("show running-config", "show services sbc sbe subscribers | json", "show services sbc sbe registrations",
                        "show services sbc sbe refusals", "show configuration commit list"):
            terminal.send(command + "\r")
            terminal.expect_exact(f"{self.host}# ")
        terminal.send("exit\r")
        terminal.expect(pexpect.EOF)
        history = (self.folder / ".ringwall_history").read_text()
        self.assertIn("subscriber\\040add\\040alice@ringwall.test", history)
        wait_for("the audit log", lambda: '"what":"subscriber added"' in (self.store / "audit.log").read_text())
        self.border.signal(10)  # SIGUSR1: counters
        md5, sha256, sha512 = digests("alice", PASSWORD)
        kept = sqlite3.connect(self.database).execute("SELECT algorithm, ha1 FROM subscriber_ha1 ORDER BY 1").fetchall()
        self.assertEqual(kept, [("MD5", md5), ("SHA-256", sha256), ("SHA-512-256", sha512)])
        self.assertNotIn(PASSWORD.encode(), self.database.read_bytes())
        self.assertEqual(self.database.stat().st_mode & 0o777, 0o600)
        self.assert_nowhere([PASSWORD, md5, sha256, sha512])

    def test_what_was_added_survives_a_kill(self):
        self.add("alice")
        self.border.kill()
        self.border.start_again()
        self.phone("alice", 11).wait_registered()

    def test_who_is_removed_is_registered_no_more(self):
        self.add("alice")
        self.phone("alice", 11).wait_registered()
        self.assertIn("alice@ringwall.test", self.done("show services sbc sbe registrations\n"))
        self.done("subscriber remove alice@ringwall.test\n")
        self.assertEqual(self.done("show services sbc sbe registrations\n"), "No registrations.\n")
        self.assert_not_registered(self.phone("alice", 12))
        self.assertIn("there is no subscriber", self.refused("subscriber remove alice@ringwall.test\n"))

    def test_the_next_registration_needs_the_new_password(self):
        self.add("alice")
        self.phone("alice", 11).wait_registered()
        self.done("subscriber password alice@ringwall.test\nnew one\nnew one\n")
        self.assertEqual(self.done("show services sbc sbe registrations\n"), "No registrations.\n")
        self.assert_not_registered(self.phone("alice", 12))
        self.done(f"subscriber password alice@ringwall.test\n{PASSWORD}\n{PASSWORD}\n")
        self.phone("alice", 13).wait_registered()

    # ---- what is typed

    def test_a_slip_or_a_control_c_changes_nothing(self):
        terminal = self.open_terminal()
        for answers, sentence in ((["one\r", "two\r"], "% the two passwords are not the same; nothing was changed"),
                                  (["\r"], "% no password was given; nothing was changed"),
                                  (["on\x03"], "% no password was given; nothing was changed"),
                                  (["one\r", "\x04"], "% no password was given; nothing was changed")):
            terminal.send("subscriber add alice@ringwall.test\r")
            for answer in answers:
                terminal.expect(re.escape("assword for alice@ringwall.test: "))
                terminal.send(answer)
            terminal.expect_exact(sentence + "\r\n")
            terminal.expect_exact(f"{self.host}# ")
        terminal.send("show services sbc sbe subscribers\r")  # and what is typed is shown again
        terminal.expect_exact("show services sbc sbe subscribers\r\nNo subscribers.\r\n")

    def test_a_session_that_ends_meanwhile_leaves_the_terminal_as_it_was(self):
        terminal = pexpect.spawn("/bin/sh", ["-c", f"{PROGRAM.parent}/ringwall console --socket console; stty -a"],
                                 cwd=str(self.folder), timeout=PATIENCE, encoding="utf-8",
                                 env={**os.environ, "HOME": str(self.folder), "TERM": "vt100"}, dimensions=(40, 200))
        self.addCleanup(terminal.close, True)
        terminal.expect_exact(f"{self.host}# ")
        terminal.send("subscriber add alice@ringwall.test\r")
        terminal.expect_exact("Password for alice@ringwall.test: ")
        self.done("clear session 2\n")
        terminal.expect_exact("This session was ended by ")
        terminal.expect(r"[^-]echo ")

    def test_a_script_has_the_password_on_the_next_two_lines(self):
        self.assertEqual(self.done(f"subscriber add alice@ringwall.test\r\n{PASSWORD}\r\n{PASSWORD}\r\n"
                                   "show services sbc sbe subscribers\r\n").splitlines()[0], "alice@ringwall.test")
        self.assertEqual(self.refused("subscriber add bob@ringwall.test\nshow alarms\nexit\n"),
                         "line 3: % the two passwords are not the same; nothing was changed\n")
        self.assertIn("the script ended where a password was asked for", self.refused("subscriber add bob@ringwall.test\none\n"))
        self.assertIn("'subscriber add' has too many words; write: subscriber add USER@DOMAIN",
                      self.refused(f"subscriber add bob@ringwall.test {PASSWORD}\n"))
        self.assert_nowhere([PASSWORD])

    def test_a_name_is_in_one_place(self):
        self.add("alice")
        configured = "configure\nsbc test\nsbe\nsubscriber {}\npassword hunter2\ncommit\n"
        self.assertIn("subscriber 'alice@ringwall.test' is in the store already; say 'subscriber remove alice@ringwall.test' "
                      "first, or leave it out here", self.refused(configured.format("alice@ringwall.test")))
        self.done(configured.format("bob@ringwall.test"))
        self.assertIn("subscriber 'bob@ringwall.test' is in the configuration already",
                      self.refused("subscriber add bob@ringwall.test\n"))
        self.phone("alice", 11).wait_registered()
        self.phone("bob", 12, "hunter2").wait_registered()

    # ---- a file that cannot be used

    def test_a_damaged_file_stops_nothing(self):
        self.done("configure\nsbc test\nsbe\nsubscriber bob@ringwall.test\npassword hunter2\ncommit\n")
        self.add("alice")
        self.border.stop()
        good = self.database.read_bytes()
        self.database.write_bytes(b"\xa5" * 8192)
        self.border.start_again()
        sentence = "store/ringwall.db cannot be used: file is not a database; put a backup in its place"
        self.assertIn(sentence + "; no subscriber of it is known", self.done("show alarms\n"))
        self.assertIn(sentence, self.refused("subscriber add carol@ringwall.test\n"))
        self.phone("bob", 12, "hunter2").wait_registered()
        self.database.write_bytes(good)
        self.border.signal(1)  # SIGHUP: is read again
        wait_for("the end of the alarm", lambda: "ringwall.db" not in self.done("show alarms\n"))
        self.phone("alice", 11).wait_registered()

    def test_a_backup_that_is_put_in_its_place_is_in_force_at_sighup(self):
        self.add("alice")
        backup = self.store / "backup"
        backup.write_bytes(self.database.read_bytes())
        self.done("subscriber remove alice@ringwall.test\n")
        self.add("bob")
        backup.rename(self.database)
        self.border.signal(1)
        wait_for("alice", lambda: "alice@ringwall.test" in self.done("show services sbc sbe subscribers\n"))
        self.assertNotIn("bob@", self.done("show services sbc sbe subscribers\n"))
        self.add("carol")
        self.phone("alice", 11).wait_registered()
        self.phone("carol", 12).wait_registered()

    def test_a_file_that_is_taken_away_takes_no_change_and_nobody_is_lost(self):
        self.add("alice")
        kept = self.folder / "kept.db"
        self.database.rename(kept)
        gone = "store/ringwall.db was removed; put it or a backup in its place, and send SIGHUP to ringwall-sbc"
        self.assertIn(gone, self.done("show alarms\n"))
        bob = f"subscriber add bob@ringwall.test\n{PASSWORD}\n{PASSWORD}\n"
        self.assertIn(gone, self.refused(bob))
        self.border.signal(1)
        wait_for("its being read", lambda: "subscribers.store" in self.border.log.read_text())
        self.assertIn(gone, self.done("show alarms\n"))
        self.assertFalse(self.database.exists())
        self.assertNotIn("bob@", self.done("show services sbc sbe subscribers\n"))
        self.phone("alice", 11).wait_registered()
        kept.rename(self.database)
        self.border.signal(1)
        wait_for("the end of the alarm", lambda: "ringwall.db" not in self.done("show alarms\n"))
        self.done(bob)
        (self.store / "ringwall.db-wal").unlink()
        self.assertIn("store/ringwall.db-wal was removed or replaced while it was open; send SIGHUP to ringwall-sbc, which then uses "
                      "what is there", self.refused(f"subscriber add carol@ringwall.test\n{PASSWORD}\n{PASSWORD}\n"))
        self.border.stop()
        self.border.start_again()
        self.assertEqual(re.findall(r"^(\w+)@", self.done("show services sbc sbe subscribers\n"), re.M), ["alice", "bob"])
        self.phone("bob", 12).wait_registered()

    def test_of_a_subscriber_more_may_be_said(self):
        self.done(f"subscriber add alice@ringwall.test username 4711 certificate-name phone-7\n{PASSWORD}\n{PASSWORD}\n")
        self.border.stop()
        self.border.start_again()
        self.assertIn("username 4711, realm ringwall.test, certificate-name phone-7, in the store",
                      self.done("show services sbc sbe subscribers\n"))

    def test_a_full_disk_refuses_a_subscriber_and_the_rest_goes_on(self):
        self.border.stop()
        subprocess.run(["cp", "-a", str(self.store), str(self.folder / "kept")], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(self.store)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.store)], check=False)
        subprocess.run(["cp", "-a", f"{self.folder}/kept/.", str(self.store)], check=True)
        self.border.start_again()
        self.add("alice")
        with (self.store / "filling").open("wb", buffering=0) as filling:
            with self.assertRaises(OSError):
                while True:
                    filling.write(b"x" * 4096)
        for number in range(20):  # what room there was within its own file
            done = self.border.say(f"subscriber add {number:05}@ringwall.test\none\none\n")
            if done.returncode != 0:
                break
        self.assertIn("line 3: % store/ringwall.db cannot be used: database or disk is full; make room on its disk", done.stderr)
        self.assertIn("database or disk is full", self.done("show alarms\n"))
        self.assertNotIn(f"{number:05}@", self.done("show services sbc sbe subscribers\n"))
        self.phone("alice", 11).wait_registered()
        (self.store / "filling").unlink()
        self.add("bob")
        # That of the registrations goes by itself, within a second.
        wait_for("the end of the alarms", lambda: "disk is full" not in self.done("show alarms\n"))
        self.phone("bob", 12).wait_registered()

    def test_a_file_of_a_newer_program_is_left_as_it_is(self):
        self.add("alice")
        self.border.stop()
        with sqlite3.connect(self.database) as database:
            database.execute("PRAGMA user_version = 99")
        self.border.start_again()
        self.assertIn("has schema 99, and this program knows 2 at most", self.done("show alarms\n"))
        self.border.stop()
        self.assertEqual(sqlite3.connect(self.database).execute("PRAGMA user_version").fetchall(), [(99,)])
        self.border.start_again()

    def test_without_a_store_there_is_nowhere_to_keep_them(self):
        self.border.stop()
        file = pathlib.Path(self.folder / "plain.conf")
        file.write_text("sbc test\n sbe\n")
        process = self.start("sbc", [str(PROGRAM), "--config", str(file), "--console", "console"])
        wait_for("its console", (self.folder / "console").exists)
        self.assertIn("there is no store to keep subscribers in; start ringwall-sbc with --store FOLDER",
                      wait_for("an answer", lambda: self.border.say("subscriber add alice@ringwall.test\n").stderr))
        self.end(process)
        self.border.start_again()


if __name__ == "__main__":
    main()
