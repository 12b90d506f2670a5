#!/usr/bin/python3
"""The real ringwall-sbc, killed: who was registered with baresip is so again after its start, and over UDP is called at
once. A disk that is slow, full or damaged stops nobody, and is an alarm."""
import contextlib
import re
import sqlite3

from system_test import PHONES, PROGRAM, Border, SystemTest, main
from two_kinds_of_phones import PHONES_OF_TWO_KINDS

from lab.phone import Phone
from lab.waiting import wait_for

CONFIGURATION = PHONES_OF_TWO_KINDS + """\
  subscriber alice@ringwall.test
   password wonderland
  subscriber bob@ringwall.test
   password builder
  subscriber carol@ringwall.test
   password singer
commit
"""
SHOW = "show services sbc test sbe registrations\n"
SHOW_CALLS = "show services sbc test sbe calls\n"


class Kill(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.state = self.folder / "store" / "state.db"
        self.done(CONFIGURATION)

    def done(self, script: str) -> str:
        done = self.border.say(script)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def phone(self, user: str, password: str, number: int, transport: str = "udp") -> Phone:
        address = f"192.0.2.{number}"
        self.network.add(user, [address + "/24"])
        port = 5061 if transport == "tls" else 5060
        phone = Phone(self.network, user, address, self.folder / user,
                      f"<sip:{user}@ringwall.test;transport={transport}>;auth_user={user};auth_pass={password};regint=3600;"
                      f'answermode=auto;audio_codecs=PCMU;outbound="sip:{PHONES}:{port};transport={transport}"')
        self.addCleanup(phone.stop)
        phone.connect()
        return phone

    def kept(self) -> int:
        """How many users are in the file; none while it is being made."""
        with contextlib.suppress(sqlite3.OperationalError):
            return len(sqlite3.connect(self.state).execute("SELECT * FROM state").fetchall())
        return 0

    def users(self) -> list[str]:
        return sorted(set(re.findall(r"\b(\w+)@ringwall\.test", self.done(SHOW))))

    def test_who_was_registered_is_so_after_a_kill(self):
        alice, bob = self.phone("alice", "wonderland", 11), self.phone("bob", "builder", 12)
        carol = self.phone("carol", "singer", 13, "tls")
        for phone in (alice, bob, carol):
            phone.wait_registered()
        registers = {phone.name: self.registers(phone) for phone in (alice, bob)}
        self.border.kill()
        self.border.start_again()
        self.assertEqual(self.users(), ["alice", "bob", "carol"])
        self.assertEqual(self.done(SHOW).count("not connected since the start"), 1)
        self.assertEqual(self.done("show alarms\n"), "No alarms.\n")
        # No phone has said anything since.
        alice.dial("sip:bob@ringwall.test")
        alice.wait_established()
        bob.wait_established()
        alice.hang_up()
        bob.wait_closed()
        self.assertEqual({phone.name: self.registers(phone) for phone in (alice, bob)}, registers)
        # Carol's connection was the process's.
        alice.forget()
        alice.dial("sip:carol@ringwall.test")
        self.assertTrue(alice.wait_closed().startswith("480 "))

    def test_calls_go_on_after_a_kill_and_are_billed_once(self):
        alice, bob = self.phone("alice", "wonderland", 11), self.phone("bob", "builder", 12)
        for phone in (alice, bob):
            phone.wait_registered()
        alice.dial("sip:bob@ringwall.test")
        alice.wait_established()
        bob.wait_established()
        self.border.kill()
        self.border.start_again()
        self.assertEqual(self.done(SHOW_CALLS).count("alice@ringwall.test"), 1)
        self.assertEqual(self.border.records(), [], "it is not over")
        alice.hang_up()
        bob.wait_closed()
        wait_for("its record", lambda: len(self.border.records()) == 1)
        record = self.border.records()[0]
        self.assertEqual((record["result"], record["reason"], record["from_identity"], record["to_identity"]),
                         ("answered", "caller hung up", "alice@ringwall.test", "bob@ringwall.test"))
        self.assertGreater(record["duration"], 0)
        self.assertEqual(self.left(), [])
        # A second death bills nobody again.
        self.border.kill()
        self.border.start_again()
        self.assertEqual(len(self.border.records()), 1)

    def left(self) -> list[str]:
        """What of calls is in the store."""
        query = "SELECT key FROM state WHERE kind IN ('calls', 'records')"
        with contextlib.closing(sqlite3.connect(self.state)) as state:
            wait_for("the store to have written", lambda: not state.execute(query).fetchall())
            return state.execute(query).fetchall()

    @staticmethod
    def registers(phone: Phone) -> int:
        return len([m for m in phone.trace() if m.is_sent and m.start_line.startswith("REGISTER")])

    def test_an_orderly_end_loses_no_registration_either(self):
        carol = self.phone("carol", "singer", 13, "tls")
        carol.wait_registered()
        self.assertEqual(self.border.stop(), 0)
        self.border.start_again()
        self.assertEqual(self.users(), ["carol"])

    def test_who_is_no_subscriber_any_more_is_not_restored(self):
        self.phone("alice", "wonderland", 11).wait_registered()
        self.phone("bob", "builder", 12).wait_registered()
        kept = sqlite3.connect(self.state).execute("SELECT * FROM state WHERE key = 'bob@ringwall.test'").fetchone()
        self.done("configure\nsbc test\nsbe\nno subscriber bob@ringwall.test\ncommit\n")
        self.border.stop()
        # As a copy of yesterday would have it.
        with sqlite3.connect(self.state) as state:
            state.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", kept)
        self.border.start_again()
        self.assertEqual(self.users(), ["alice"])
        wait_for("bob to be forgotten", lambda: not sqlite3.connect(self.state).execute(
            "SELECT * FROM state WHERE key = 'bob@ringwall.test'").fetchall())

    def test_a_disk_that_does_not_write_stops_nobody_and_is_an_alarm(self):
        other = sqlite3.connect(self.state, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        self.phone("alice", "wonderland", 11).wait_registered()
        wait_for("the alarm", lambda: "not durable" in self.done("show alarms\n"))
        self.phone("bob", "builder", 12).wait_registered()
        other.execute("ROLLBACK")
        wait_for("the end of the alarm", lambda: self.done("show alarms\n") == "No alarms.\n")
        # What could not be written then has been since.
        self.border.kill()
        self.border.start_again()
        self.assertEqual(self.users(), ["alice", "bob"])

    def test_a_file_that_is_damaged_or_taken_away_is_made_anew_with_all_of_it(self):
        self.phone("alice", "wonderland", 11).wait_registered()
        self.state.unlink()
        self.phone("bob", "builder", 12).wait_registered()
        wait_for("the new file", lambda: self.kept() == 2)
        self.border.kill()
        self.border.start_again()
        self.assertEqual(self.users(), ["alice", "bob"])
        self.border.stop()
        for file in self.state.parent.glob("state.db*"):  # and nothing to mend it by
            file.unlink()
        self.state.write_bytes(b"\xa5" * 8192)
        self.border.start_again()
        self.assertEqual(self.done(SHOW), "No registrations.\n")
        self.assertTrue(self.state.with_name("state.db.damaged").exists())
        self.assertIn("registrations and calls of the process before are not restored: store/state.db was damaged, and is put aside as "
                      "store/state.db.damaged\n", self.done("show alarms\n"))


if __name__ == "__main__":
    main()
