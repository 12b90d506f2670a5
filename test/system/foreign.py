"""A Kamailio with accounts for ringwall-phones and other people's phones alike."""
from registrar import DOMAIN, AtKamailio, start_registrar

from lab import ear
from lab.capture import Capture
from lab.phone import Phone
from lab.ringwall_phone import RingwallPhone
from lab.waiting import wait_for
from linphone import Linphone, write_tone

NAME_SERVER, SERVER = "192.0.2.53", "192.0.2.31"
ADDRESSES = {"alice": "192.0.2.11", "bob": "192.0.2.12", "carol": "192.0.2.13", "dave": "192.0.2.14"}


class WithForeign(AtKamailio):
    """The phones play different tones: whom one hears is whom it is connected to."""

    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record={DOMAIN},{SERVER}")
        self.network.add("server", [f"{SERVER}/24"])
        start_registrar(self, "server", SERVER, DOMAIN)

    def ringwall(self, user: str, tone: int, *, auto_answer: bool = True, **settings) -> RingwallPhone:
        phone = self.phone(user, ADDRESSES[user], self.account(user, "UDP", **settings), tone=tone, auto_answer=auto_answer)
        phone.wait_registered()
        return phone

    def linphone(self, user: str) -> Linphone:
        # It takes itself for offline without a default route.
        self.network.add(user, [f"{ADDRESSES[user]}/24"], ["default"])
        phone = Linphone.at_registrar(self.network, user, ADDRESSES[user], self.folder / user, DOMAIN, f"secret-of-{user}")
        self.addCleanup(phone.stop)
        write_tone(self.folder / user / "tone.wav")
        phone.command(f"play {self.folder}/{user}/tone.wav")
        phone.wait_registered()
        return phone

    @staticmethod
    def wait_tones(wire: Capture, source: str, destination: str, *tones: int) -> None:
        """Until these, and nothing else, are what one has sent to the other all through the last second. Of phones of two
        kinds the one is half as loud as the other."""
        def is_all(packets: list[bytes]) -> bool:
            shares = [ear.share_of_tone(ear.samples_of(packets), frequency=tone) for tone in tones]
            return min(shares) > 0.15 and sum(shares) > 0.9

        def sent() -> bool:
            packets = [stream.packets[-50:] for stream in ear.streams_from(wire.since(0), source)
                       if stream.destination == destination and len(stream.packets) >= 50][-1:]
            return bool(packets) and all(is_all(packets[0][start:start + 10]) for start in range(0, 50, 10))
        wait_for(f"{' and '.join(map(str, tones))} Hz from {source} to {destination}", sent, 15)

    def baresip(self, user: str, tone: int, transport: str = "udp", *, answers: bool = True, **settings: str) -> Phone:
        address, port = ADDRESSES[user], 5061 if transport == "tls" else 5060
        self.network.add(user, [f"{address}/24"])
        account = {"auth_user": user, "auth_pass": f"secret-of-{user}", "regint": "120", "audio_codecs": "PCMU",
                   "answermode": "auto" if answers else "manual",
                   "outbound": f'"sip:{SERVER}:{port};transport={transport}"', **settings}
        certificate = (self.authority.issue(user, [f"DNS:{DOMAIN}", f"IP:{address}"], "serverAuth,clientAuth")
                       if transport == "tls" else None)
        phone = Phone(self.network, user, address, self.folder / user,
                      f"<sip:{user}@{DOMAIN};transport={transport}>;" + ";".join(f"{k}={v}" for k, v in account.items()),
                      name_server=NAME_SERVER, tone=tone, certificate=certificate)
        self.addCleanup(phone.stop)
        phone.connect()
        phone.wait_registered()
        return phone
