#!/usr/bin/python3
"""testssl.sh at the TLS port of the real ringwall-sbc (make scan): all that it knows to look for, without asking anybody else.
What it finds is printed and fails, unless it is of the lab and not of Ringwall."""
import json
import os

from system_test import OFFICE, PHONES, SystemTest, main, network
from test_tls_scan import CONFIGURATION

FINE = {"DEBUG", "INFO", "OK"}
# What is found here, and why it is none of Ringwall's.
OF_THE_LAB = {
    "cert_expirationStatus": "the lab's certificates are for two days",
    "cert_notAfter": "the lab's certificates are for two days",
    "cert_revocation": "the lab's authority says nowhere what it has revoked",
}
LOOKED_AT = {  # else nothing was found because nothing was looked for
    "SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_aNULL", "cipherlist_EXPORT", "PFS",
    "cipher_order", "cert_signatureAlgorithm", "cert_trust", "cert_chain_of_trust", "heartbleed", "CCS", "ticketbleed", "ROBOT",
    "secure_renego", "secure_client_renego", "CRIME_TLS", "POODLE_SSL", "fallback_SCSV", "SWEET32", "FREAK", "DROWN", "LOGJAM",
    "BEAST", "LUCKY13", "RC4",
}


class TlsFindings(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.start_border(CONFIGURATION)
        self.network.add("scanner", ["192.0.2.66/24", "198.51.100.66/24"])
        network.set_names({"ringwall.test": PHONES, "old.test": OFFICE}, self.folder)
        self.addCleanup(network.forget_names)

    def findings(self, host: str, address: str, *what: str) -> dict[str, str]:
        """All that it says, by the name of what was looked at."""
        report = self.folder / "report.json"
        done = self.network.run(
            "scanner", ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", address, "--add-ca",
                        str(self.authority.certificate), "--jsonfile", str(report), *what, f"{host}:5061"],
            cwd=self.folder, env={**os.environ, "HOME": str(self.folder)}, timeout=1200)
        said = json.loads(report.read_text())
        self.assertNotIn("FATAL", {each["severity"] for each in said}, done.stdout)
        self.assertIn("scanTime", {each["id"] for each in said}, done.stdout)
        return {each["id"]: f"{each['severity']}: {each['finding']}" for each in said}

    @staticmethod
    def bad(findings: dict[str, str]) -> dict[str, str]:
        return {name: finding for name, finding in findings.items()
                if finding.split(":")[0] not in FINE and name not in OF_THE_LAB}

    def test_nothing_is_found(self):
        found = self.findings("ringwall.test", PHONES)
        self.assertEqual(LOOKED_AT - set(found), set())
        self.assertEqual(self.bad(found), {})
        print(f"testssl.sh: {len(found)} findings, none bad; of the lab:")
        for name in OF_THE_LAB.keys() & found.keys():
            print(f"    {name}: {found[name]} ({OF_THE_LAB[name]})")

    def test_what_old_phones_are_allowed_is_found(self):
        found = self.bad(self.findings("old.test", OFFICE, "--protocols", "--beast"))
        self.assertLessEqual({"TLS1", "TLS1_1", "BEAST"}, set(found))


if __name__ == "__main__":
    main()
