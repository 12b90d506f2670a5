#!/usr/bin/python3
"""sslscan at the TLS port of the real ringwall-sbc: versions, ciphers, groups, renegotiation, Heartbleed, the certificate; and
what it sees where an operator lets old phones in. `make scan` is the long one, by testssl.sh."""
import xml.etree.ElementTree as xml

from system_test import OFFICE, PHONES, SystemTest, main

STRONG = {  # RFC 9325 §4.2: forward secrecy, authenticated encryption
    "TLSv1.3": {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
    "TLSv1.2": {f"ECDHE-ECDSA-{cipher}" for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")},
}
GROUPS = {"secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)", "x25519"}

CONFIGURATION = f"""\
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   signaling-address ipv4 {PHONES}
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication optional
   attach
  adjacency sip old
   inherit profile preset-access
   security trusted-encrypted
   signaling-address ipv4 {OFFICE}
   remote-address ipv4 198.51.100.0 255.255.255.0
   domain old.test
   tls client-authentication off
   tls minimum-version 1.0
   attach
"""


class TlsScan(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.start_border(CONFIGURATION)
        self.network.add("scanner", ["192.0.2.66/24", "198.51.100.66/24"])

    def scan(self, address: str) -> xml.Element:
        done = self.network.run("scanner", ["sslscan", "--no-colour", "--show-sigs", "--sni-name=ringwall.test", "--xml=scan.xml",
                                            f"{address}:5061"], cwd=self.folder, timeout=150)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # What follows from nothing having been found would hold for a port that nobody listens on too.
        found = xml.parse(self.folder / "scan.xml").getroot().find("ssltest")
        self.assertIsNotNone(found, done.stdout + done.stderr)
        return found

    @staticmethod
    def versions(found: xml.Element) -> set[str]:
        return {f"{each.get('type')}{each.get('version')}" for each in found.iter("protocol") if each.get("enabled") == "1"}

    @staticmethod
    def ciphers(found: xml.Element) -> dict[str, set[str]]:
        by_version: dict[str, set[str]] = {}
        for cipher in found.iter("cipher"):
            by_version.setdefault(cipher.get("sslversion"), set()).add(cipher.get("cipher"))
        return by_version

    def weaknesses(self, found: xml.Element) -> list[str]:
        """What there would be to say against it."""
        ciphers = self.ciphers(found)
        weak = [f"offers {version}" for version in sorted(self.versions(found) - {"tls1.2", "tls1.3"})]
        weak += [f"has {cipher} in {version}" for version in sorted(ciphers)
                 for cipher in sorted(ciphers[version] - STRONG.get(version, set()))]
        weak += [f"group {group.get('name')}" for group in found.iter("group") if group.get("name") not in GROUPS]
        weak += ["insecure renegotiation" for each in found.iter("renegotiation")
                 if each.get("supported") == "1" and each.get("secure") != "1"]
        weak += ["compression" for each in found.iter("compression") if each.get("supported") == "1"]
        weak += ["no fallback SCSV" for each in found.iter("fallback") if each.get("supported") != "1"]
        weak += [f"Heartbleed in {each.get('sslversion')}" for each in found.iter("heartbleed") if each.get("vulnerable") == "1"]
        weak += [f"signs by {each.get('name')}" for each in found.iter("connection-signature-algorithm")
                 if each.get("name") != "ecdsa_secp256r1_sha256"]
        return weak

    def test_nothing_weak_is_offered(self):
        found = self.scan(PHONES)
        self.assertEqual(self.weaknesses(found), [])
        self.assertEqual(self.versions(found), {"tls1.2", "tls1.3"})
        self.assertEqual(self.ciphers(found), STRONG)
        self.assertEqual({each.get("sslversion") for each in found.iter("heartbleed")}, {"TLSv1.2", "TLSv1.3"})
        self.assertTrue({each.get("name") for each in found.iter("connection-signature-algorithm")})
        self.assertEqual(found.find(".//certificate/signature-algorithm").text, "ecdsa-with-SHA256")

    def test_what_old_phones_are_allowed_is_seen(self):
        weak = self.weaknesses(self.scan(OFFICE))
        self.assertEqual([each for each in weak if each.startswith("offers")], ["offers tls1.0", "offers tls1.1"])
        self.assertEqual([each for each in weak if not each.startswith("offers")],
                         [f"has ECDHE-ECDSA-{cipher}-SHA in TLSv1.{minor}" for minor in (0, 1, 2) for cipher in ("AES128", "AES256")])


if __name__ == "__main__":
    main()
