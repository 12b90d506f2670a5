#!/usr/bin/python3
"""Two Kamailios of one domain, by SRV records or as Proxy and Alternate Proxy: ringwall-phone goes to the second when the
first is killed, and back."""
import time

from phone_test import main, wait_for
from registrar import ALICE, DOMAIN, AtKamailio, start_registrar

NAME_SERVER, FIRST, SECOND = "192.0.2.53", "192.0.2.31", "192.0.2.32"


class Failover(AtKamailio):
    """Two servers, the first preferred."""

    OFTEN = {"Proxy_Fallback_Intvl": "6", "Register_Expires": "6", "phone": {"SIP_T1": ".1", "SIP_Timer_F": "6.4"}}

    def setUp(self) -> None:
        super().setUp()
        records = [f"--srv-host={service}.{DOMAIN},{name}.{DOMAIN},{port},{priority}"
                   for service, port in (("_sip._udp", 5060), ("_sips._tcp", 5061))
                   for name, priority in (("one", 10), ("two", 20))]
        self.name_server(NAME_SERVER, *records, f"--host-record=one.{DOMAIN},{DOMAIN},{FIRST}",
                         f"--host-record=two.{DOMAIN},{SECOND}")
        self.servers = {}
        for name, address in (("one", FIRST), ("two", SECOND)):
            self.network.add(name, [f"{address}/24"])
            self.servers[name] = start_registrar(self, name, address, DOMAIN)
        self.network.add("alice", [f"{ALICE}/24"])
        self.wire = self.capture("alice")

    def go_over(self, transport: str, within: float, **settings) -> None:
        alice, bob = self.two_phones(transport, **{"Use_DNS_SRV": "Yes", "DNS_SRV_Auto_Prefix": "Yes", **settings})
        self.call(alice, bob, self.wire)
        self.assertEqual(self.payloads(self.wire.since(0), ALICE, SECOND), [])
        marks = {phone.name: len(phone.log.read_text()) for phone in (alice, bob)}
        self.servers["one"].kill()
        killed = time.monotonic()
        for phone in (alice, bob):
            wait_for(f"registration of {phone.name} at the second server",
                     lambda phone=phone: f"server={SECOND}" in phone.log.read_text()[marks[phone.name]:], within)
        self.assertLess(time.monotonic() - killed, within)
        self.call(bob, alice, self.wire)

        # After Proxy Fallback Intvl the first is tried again.
        marks = {phone.name: len(phone.log.read_text()) for phone in (alice, bob)}
        self.servers["one"].start()
        for phone in (alice, bob):
            wait_for(f"registration of {phone.name} at the first server",
                     lambda phone=phone: f"line.registered line=1 user=sip:{phone.name}@{DOMAIN} server={FIRST}"
                     in phone.log.read_text()[marks[phone.name]:], within)
        self.call(alice, bob, self.wire)

    def test_over_tls(self):
        self.go_over("TLS", 10, Proxy_Fallback_Intvl="6")

    def test_over_udp(self):
        # The next REGISTER finds that the server is dead: timer F after half of what it was registered for.
        self.go_over("UDP", 20, **self.OFTEN)

    def test_to_an_alternate(self):
        self.go_over("UDP", 20, Use_DNS_SRV="No", Alternate_Proxy=f"two.{DOMAIN}", Auto_Register_When_Failover="Yes",
                     **self.OFTEN)


if __name__ == "__main__":
    main()
