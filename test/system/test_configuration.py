#!/usr/bin/python3
"""A wrong configuration: one sentence with line, word and remedy, status 78, and nothing started."""
import socket
import subprocess

from system_test import HEADER, PROGRAM, SystemTest, main

GOOD = """\
  adjacency sip outside
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   attach
"""


class Configuration(SystemTest):
    def run_with(self, configuration: str, *options: str) -> subprocess.CompletedProcess:
        file = self.folder / "test.conf"
        file.write_text(configuration)
        return self.network.run("sbc", [str(PROGRAM), "--config", str(file), *options], timeout=20)

    def test_a_good_one_passes_the_check_and_nothing_is_started(self):
        done = self.run_with(HEADER + GOOD, "--check")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("sbc.ready", done.stderr)

    def test_names_of_files_are_relative_to_its_folder(self):
        encrypted = GOOD.replace("   attach", "   security trusted-encrypted\n   attach")
        done = self.run_with(HEADER + encrypted, "--check")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_wrong_word_is_named_with_its_line(self):
        done = self.run_with(HEADER + GOOD.replace("   attach", "   security trusted-encripted\n   attach"))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("trusted-encripted", done.stderr)
        self.assertRegex(done.stderr, r"\b9\b")
        self.assertNotIn("sbc.ready", done.stderr)

    def test_a_certificate_that_is_not_there_is_named(self):
        encrypted = GOOD.replace("   attach", "   security trusted-encrypted\n   attach")
        done = self.run_with(HEADER.replace("pki/sbc.crt", "pki/none.crt") + encrypted)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("none.crt", done.stderr)

    def test_a_file_that_is_not_there_is_named(self):
        done = self.network.run("sbc", [str(PROGRAM), "--config", str(self.folder / "nothing.conf")], timeout=20)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("nothing.conf", done.stderr)

    def test_a_port_that_is_taken_is_named_and_nothing_goes_on(self):
        with self.network.socket("sbc", socket.SOCK_DGRAM) as taken:
            taken.bind(("203.0.113.1", 5060))
            done = self.run_with(HEADER + GOOD)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"203\.0\.113\.1:5060")


if __name__ == "__main__":
    main()
