#!/usr/bin/python3
"""An operator at the console of the real ringwall-sbc: the seed's procedure as printed, what a configuration may not say, and
what becomes of it when the program is killed, the disk is full, or two want to write."""
import json
import os
import re
import socket
import subprocess

import pexpect

from system_test import Border, PROGRAM, SystemTest, main, wait_for

ADDRESS = "10.1.0.2"
PATIENCE = 20


class Operator(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("router", [f"{ADDRESS}/24"])
        self.border = Border(self.network, "router", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.host = socket.gethostname().split(".")[0]

    # ---- on a terminal

    def open_terminal(self):
        environment = {**os.environ, "HOME": str(self.folder), "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        terminal = pexpect.spawn(str(PROGRAM.parent / "ringwall"), ["console", "--socket", "console"], cwd=str(self.folder),
                                 env=environment, timeout=PATIENCE, encoding="utf-8", dimensions=(40, 200))
        self.addCleanup(terminal.close, True)
        terminal.expect_exact(f"{self.host}# ")
        return terminal

    def type(self, terminal, line: str, mode: str = "") -> str:
        """What is printed before the next prompt, which must be of that mode."""
        terminal.send(line + "\r")
        terminal.expect_exact(line + "\r\n")
        terminal.expect_exact(f"{self.host}({mode})# " if mode else f"{self.host}# ")
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", terminal.before).replace("\r\n", "\n").replace("\r", "")

    def type_procedure(self, terminal) -> None:
        """The seed's steps 1 to 5."""
        self.assertEqual(self.type(terminal, "configure", "config"), "")
        self.assertEqual(self.type(terminal, "sbc mysbc", "config-sbc"), "")
        self.assertEqual(self.type(terminal, "sbe", "config-sbc-sbe"), "")
        self.assertEqual(self.type(terminal, "adjacency sip test", "config-sbc-sbe-adj-sip"), "")
        self.assertEqual(self.type(terminal, "security trusted-encrypted", "config-sbc-sbe-adj-sip"), "")

    def leave(self, terminal) -> None:
        for mode in ("config-sbc-sbe", "config-sbc", "config", ""):
            self.assertEqual(self.type(terminal, "exit", mode), "")

    def test_the_seeds_procedure_as_printed(self):
        terminal = self.open_terminal()
        self.type_procedure(terminal)
        self.assertNotIn("%", self.type(terminal, "commit", "config-sbc-sbe-adj-sip"))
        self.leave(terminal)
        self.assertIn("Security: Trusted-Encrypted\n", self.type(terminal, "show services sbc mysbc sbe adjacencies"))

        self.type_procedure(terminal)
        self.assertEqual(self.type(terminal, f"signaling-address ipv4 {ADDRESS}", "config-sbc-sbe-adj-sip"), "")
        self.assertNotIn("%", self.type(terminal, "commit", "config-sbc-sbe-adj-sip"))
        self.leave(terminal)
        self.assertEqual(self.type(terminal, "show services sbc mysbc sbe adjacencies"),
                         f"Signaling address: {ADDRESS}:5061\nSecurity: Trusted-Encrypted\n")

        self.type_procedure(terminal)
        self.assertEqual(self.type(terminal, "signaling-port 5060", "config-sbc-sbe-adj-sip"), "")
        self.assertNotIn("%", self.type(terminal, "commit", "config-sbc-sbe-adj-sip"))
        self.leave(terminal)
        for command in ("show services sbc mysbc sbe adjacencies", "show services sbc sbe adjacencies"):
            self.assertEqual(self.type(terminal, command),
                             f"Signaling address: {ADDRESS}:5060\nSecurity: Trusted-Encrypted\n")

    def test_a_caret_stands_under_the_wrong_word(self):
        terminal = self.open_terminal()
        self.type_procedure(terminal)
        wrong = "signaling-address ipv4 10.1.0.300"
        self.assertEqual(self.type(terminal, wrong, "config-sbc-sbe-adj-sip"),
                         " " * (len(f"{self.host}(config-sbc-sbe-adj-sip)# ") + wrong.index("10.")) + "^\n"
                         "% Invalid input detected at '^' marker.\n"
                         "% '10.1.0.300' is no IPv4 address; write it like 192.0.2.1\n")

    # ---- what the seed forbids, where a configuration could say it; each as a transcript

    def refused(self, *lines: str, word: str = "", after: str = "") -> str:
        """The last line is not taken, or if `after` the commit after it; nothing of it is in force. What was said of it."""
        before = self.running()
        done = self.border.say("\n".join(["configure", "sbc mysbc", "sbe", *lines, *([after] if after else []), ""]))
        self.assertEqual(done.returncode, 1, done.stdout)
        said = done.stdout + done.stderr
        self.assertIn(word, said)
        self.assertEqual(self.running(), before)
        return said

    def running(self) -> str:
        return self.border.say("show running-config\n").stdout

    def commit(self, *lines: str) -> None:
        done = self.border.say("\n".join(["configure", "sbc mysbc", "sbe", *lines, "commit", ""]))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_security_cannot_be_changed_while_attached(self):
        self.commit("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "attach")
        for lines in (["security trusted-unencrypted"], ["no attach", "security trusted-unencrypted"]):
            said = self.refused("adjacency sip test", *lines, after="commit",
                                word="sbc mysbc sbe adjacency sip test security")
            self.assertIn("can be changed only while it is detached, and it is attached: commit 'no attach' first", said)
        self.commit("adjacency sip test", "no attach")
        wait_for("Detached", lambda: "Detached" in self.border.say("show services sbc sbe adjacencies detail\n").stdout)
        self.commit("adjacency sip test", "security trusted-unencrypted", "attach")
        self.refused("adjacency sip test", "no security", after="commit", word="while it is detached")

    def test_without_a_certificate_no_tls_adjacency_is_attached(self):
        self.commit("adjacency sip test", "security trusted-encrypted", f"signaling-address ipv4 {ADDRESS}")
        self.refused("adjacency sip test", "attach", after="commit",
                     word="cannot be attached encrypted without 'tls certificate FILE'")
        self.refused("tls certificate none.pem", "tls private-key none.pem", "tls trust-anchors none.pem",
                     "adjacency sip test", "attach", after="commit", word="'none.pem' cannot be read")
        self.assertFalse(self.listens(5061))
        files = [f"tls {what} {self.folder}/pki/{name}" for what, name in (
            ("certificate", "sbc.crt"), ("private-key", "sbc.key"), ("trust-anchors", "ca.crt"))]
        self.commit(*files, "adjacency sip test", "attach")
        shown = self.border.say("show services sbc mysbc sbe certificates\n").stdout
        self.assertRegex(shown, r"^test: .*/pki/sbc.crt\n  ringwall\.test\n  Issued by .*, valid from .*Z until .*Z \(\d+ days left\)\n$")
        self.assertTrue(self.listens(5061))

    def listens(self, port: int) -> bool:
        return f":{port:04X} " in self.network.run("router", ["cat", "/proc/net/tcp"]).stdout

    def test_there_is_tls_and_no_other_encryption(self):
        self.refused("adjacency sip test", "security ipsec", word="use untrusted, trusted-encrypted or trusted-unencrypted")
        self.refused("adjacency sip test", "mandated-transport sctp", word="use tcp or udp")
        self.refused("adjacency sip test", "preferred-transport sctp", word="use tcp or udp")

    def test_encrypted_and_unencrypted_do_not_mix(self):
        self.refused("adjacency sip test", "security trusted-encrypted", "mandated-transport udp", after="commit",
                     word="a trusted-encrypted adjacency always uses TLS")
        address = [f"signaling-address ipv4 {ADDRESS}", "signaling-port 5060"]
        self.refused("adjacency sip a", "security trusted-encrypted", *address, "adjacency sip b", *address, after="commit",
                     word="'a' (encrypted) and 'b' (not encrypted) cannot share")

    def test_a_sips_address_is_not_registered_in_the_clear(self):
        self.refused("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "signaling-peer provider.example",
                     "register sips:trunk@provider.example", after="commit", word="over TLS only")

    def test_no_leaf_opens_an_untrusted_adjacency_to_secure_calls(self):
        for leaf in ("sip-calls-in secure", "sip-calls-out any", "sips-conversion to-sip", "untrusted-callers allow"):
            self.refused("adjacency sip test", leaf, after="commit", word="means nothing on an adjacency that is")
        matrix = json.loads(self.border.say("show security-matrix | json\n").stdout)
        self.assertTrue(any(row["verdict"] == "yes" for row in matrix))
        for row in matrix:
            to_sips, caller = "SIPS" in row["from"], row["from"].split(",")[0]
            forbidden = (to_sips and row["by"] == "untrusted",
                         caller == "untrusted" and (to_sips or row["by"].startswith("trusted-encrypted")),
                         not to_sips and row["by"] == "trusted-encrypted")
            if any(forbidden):
                self.assertNotEqual(row["verdict"], "yes", row)

    def test_what_is_for_one_kind_of_adjacency_opens_no_other(self):
        """Only secure calls leave by a trusted-encrypted one, and SIPS becomes SIP only on a trusted-unencrypted one."""
        for leaf in ("sips-conversion to-sip", "untrusted-callers allow"):
            self.refused("adjacency sip test", "security trusted-encrypted", leaf, after="commit",
                         word="means nothing on an adjacency that is not trusted-unencrypted")
        for kind in ("untrusted", "trusted-unencrypted"):
            for leaf in ("tls peer-domain peer.example", "tls certificate sbc.crt", "tls client-authentication off"):
                self.refused("adjacency sip test", f"security {kind}", leaf, after="commit",
                             word="means nothing on an adjacency that is not encrypted")
        self.refused("adjacency sip test", "security trusted-unencrypted", "sip-calls-out any", after="commit",
                     word="means nothing on an adjacency that is not encrypted")

    def test_the_name_in_a_peers_certificate_must_be_known(self):
        self.refused("adjacency sip test", "security trusted-encrypted", f"signaling-address ipv4 {ADDRESS}",
                     "signaling-peer 10.1.0.9", after="commit", word="add 'tls peer-domain NAME'")

    def test_an_adjacency_is_not_removed_while_it_is_attached(self):
        self.commit("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "attach")
        self.refused("no adjacency sip test", after="commit", word="while it is detached")
        self.refused("no adjacency sip tset", word="there is no 'adjacency sip tset' in 'sbc mysbc sbe'")

    def test_no_security_is_untrusted(self):
        """The "no" version cannot be secured: what only a secured one may say is then refused."""
        self.commit("adjacency sip test", "security trusted-encrypted", "sip-calls-out any")
        self.refused("adjacency sip test", "no security", after="commit", word="means nothing on an adjacency that is")
        self.commit("adjacency sip test", "no security", "no sip-calls-out")
        self.assertIn("Security: Untrusted\n", self.border.say("show services sbc sbe adjacencies\n").stdout)

    def test_media_is_not_secured_over_signaling_that_is_not(self):
        """Keys of SRTP do not go in the clear: DTLS-SRTP needs rtpengine, which is not there."""
        self.refused("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "media-security required", "attach",
                     after="commit", word="media-security")

    # ---- scripts, users, disks

    def test_a_script_stops_at_its_first_error_with_its_line(self):
        done = self.border.say("configure\nsbc mysbc\nsbe\nadjacency sip test\nsecurity secret\ncommit\n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "line 5: % 'secret' is no value of 'security'; use untrusted, trusted-encrypted or "
                                      "trusted-unencrypted\n")
        self.assertEqual(self.running(), "")

    def test_a_script_that_leaves_changes_behind_has_not_done_its_work(self):
        for end in ("", "end\n", "end\nshow running-config\n"):
            done = self.border.say("configure\nsbc mysbc\n" + end)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("commit", done.stderr)
        done = self.border.say("configure\nsbc mysbc\nsbe\nend\nyes\nshow running-config\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sbc mysbc\n sbe\n", done.stdout)

    def test_a_store_in_which_nothing_was_committed_passes_the_check(self):
        for store in ("empty", "not there yet"):
            (self.folder / "empty").mkdir(exist_ok=True)
            done = self.network.run("router", [str(PROGRAM), "--store", str(self.folder / store), "--check"], timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        (self.folder / "empty/versions").mkdir()
        (self.folder / "empty/versions/1").touch()
        done = self.network.run("router", [str(PROGRAM), "--store", str(self.folder / "empty"), "--check"], timeout=PATIENCE)
        self.assertEqual(done.returncode, 78)
        self.assertIn("running.conf", done.stderr)

    def test_no_two_files_are_one(self):
        store = self.folder / "of-files"
        for words in (["--config", "none", "--record", "one", "--trace", "./one"], ["--store", str(store), "--trace", str(store / "audit.log")]):
            done = self.network.run("router", [str(PROGRAM), *words], timeout=PATIENCE, cwd=self.folder)
            self.assertEqual(done.returncode, 64)
            self.assertRegex(done.stderr, r"^--trace \S+ is the file of .*; name another\n$")
            self.assertFalse((self.folder / "one").exists() or store.exists())

    def test_a_store_is_checked_without_being_started(self):
        self.commit("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "attach")
        check = [str(PROGRAM), "--store", str(self.folder / "store"), "--check"]
        done = self.network.run("router", check, timeout=PATIENCE)  # beside the one that runs
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("sbc.ready", done.stderr)
        with (self.folder / "store/running.conf").open("a") as file:
            file.write("nonsense\n")
        done = self.network.run("router", check, timeout=PATIENCE)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("running.conf:", done.stderr)

    def test_another_configuration_than_the_stores_is_no_start(self):
        self.commit("adjacency sip test", f"signaling-address ipv4 {ADDRESS}", "attach")
        self.border.stop()
        other = self.folder / "other.conf"
        other.write_text("sbc mysbc\n sbe\n  adjacency sip other\n")
        done = self.network.run("router", [str(PROGRAM), "--config", str(other), "--store", str(self.folder / "store")],
                                timeout=PATIENCE)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("the store has version 1 already, which is another", done.stderr)
        self.assertNotIn(ADDRESS, done.stderr)  # nothing was bound
        self.border.start_again()
        self.assertIn("adjacency sip test", self.running())

    def test_what_was_committed_survives_a_kill_and_what_was_not_does_not(self):
        self.commit("adjacency sip test", "description one", f"signaling-address ipv4 {ADDRESS}", "attach")
        done = self.border.say("configure\nsbc mysbc\nsbe\nadjacency sip test\ndescription two\ncommit confirmed 600\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("description two", self.running())
        self.border.kill()
        self.border.start_again()
        self.assertIn("description one", self.running())
        shown = json.loads(self.border.say("show services sbc sbe adjacencies | json\n").stdout)
        self.assertEqual([(each["name"], each["status"]) for each in shown], [("test", "Attached")])

    def test_what_is_not_confirmed_is_taken_back(self):
        self.commit("adjacency sip test", "description one")
        done = self.border.say("configure\nsbc mysbc\nsbe\nadjacency sip test\ndescription two\ncommit confirmed 1\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for("the version before", lambda: "description one" in self.running())
        wait_for("the record", lambda: '"user":"ringwall-sbc","session":"","what":"taken back","text":"2, and 1 runs again"' in
                 (self.folder / "store/audit.log").read_text())

    def test_who_holds_the_candidate_can_be_ended_by_another(self):
        holder = self.open_terminal()
        self.type_procedure(holder)
        self.refused("adjacency sip test", word="or end it: 'clear session 1'")
        other = self.open_terminal()
        self.assertRegex(self.type(other, "show sessions"),
                         r"^1  root, administrator, since 2\S+Z, changes the configuration\n"
                         r"5  root, administrator, since 2\S+Z \(this session\)\n$")
        self.assertEqual(self.type(other, "clear session 1"), "")
        holder.expect_exact("This session was ended by root (session 5); what it had not committed is gone.\r\n")
        holder.expect(pexpect.EOF)
        self.commit("adjacency sip other")
        self.assertNotIn("test", self.running())
        wait_for("the record", lambda: '"what":"command","text":"clear session 1"' in
                 (self.folder / "store/audit.log").read_text())

    def test_a_full_disk_refuses_the_commit_and_the_rest_goes_on(self):
        self.border.stop()
        store = self.folder / "store"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(store)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(store)], check=False)
        self.border.start_again()
        self.commit("adjacency sip test", "description one")
        terminal = self.open_terminal()
        terminal.send("show run")
        with (store / "filling").open("wb", buffering=0) as filling:
            with self.assertRaises(OSError):
                while True:
                    filling.write(b"x" * 4096)
        self.refused("adjacency sip test", "description two", after="commit", word="No space left on device")
        said = self.border.say("show alarms | json\n")
        self.assertIn("Alarm: ", said.stderr)
        self.assertIn("No space left on device", json.loads(said.stdout)[0])
        self.assertTrue(self.border.is_running())
        terminal.expect_exact("\r\n% Alarm: ")
        terminal.expect_exact("No space left on device")
        terminal.expect_exact(f"{self.host}# show run")
        terminal.send("\r")
        terminal.expect_exact("description one")
        self.border.say("show alarms\n" * 50)  # more than a page of the audit log
        self.border.say("show sessions\n" * 50)
        wait_for("the alarm", lambda: "audit.log cannot be written" in self.border.say("show alarms\n").stdout)
        (store / "filling").unlink()
        wait_for("the audit log", lambda: '{"lost":' in (store / "audit.log").read_text())
        for line in (store / "audit.log").read_text().splitlines():
            json.loads(line)
        self.commit("adjacency sip test", "description three")
        terminal.expect_exact("\r\n% Alarm over: ")
        self.assertIn("description three", self.running())

    def test_who_is_nobody_gets_nowhere(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.folder / "console", 0o666)
        done = self.border.say("show running-config\n", user="nobody")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("sbc", done.stdout)
        wait_for("the record", lambda: '"user":"nobody","session":"","what":"login refused"' in
                 (self.folder / "store/audit.log").read_text())

    def test_every_command_stands_in_the_audit_log(self):
        self.commit("subscriber alice@example.com", "password hunter2")
        self.border.say("show running-config\n")

        def lines():
            text = (self.folder / "store/audit.log").read_text()
            self.assertNotIn("hunter2", text)
            return [json.loads(line) for line in text.splitlines()]
        wait_for("the last logout", lambda: len([line for line in lines() if line["what"] == "logout"]) == 2)
        said = [(line["what"], line["text"]) for line in lines()]
        for each in (("login", ""), ("command", "configure"), ("command", "commit"), ("commit", "1"),
                     ("command", "sbc mysbc sbe subscriber alice@example.com > password ***"),
                     ("command", "show running-config")):
            self.assertIn(each, said)
        self.assertEqual((self.folder / "store/audit.log").stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    main()
