"""A caller from outside: one INVITE over UDP, and what is answered."""
import re
import socket

from lab.network import Network


def invite(network: Network, host: str, own: str, border: str, target: str, seconds: float = 5) -> list[int]:
    """The status codes that came back, the final one last; none when nothing came in time."""
    description = (f"v=0\r\no=- 1 1 IN IP4 {own}\r\ns=-\r\nc=IN IP4 {own}\r\nt=0 0\r\n"
                   "m=audio 40000 RTP/AVP 0\r\n")

    def request(method: str, to: str, body: str) -> bytes:
        content = "Content-Type: application/sdp\r\n" if body else ""
        return (f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own}:5060;branch=z9hG4bK-outside-1;rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:mallory@outside.test>;tag=outside\r\nTo: {to}\r\n"
                f"Call-ID: call-from-outside@{own}\r\nCSeq: 1 {method}\r\nContact: <sip:mallory@{own}:5060>\r\n"
                f"{content}Content-Length: {len(body)}\r\n\r\n{body}").encode()

    statuses: list[int] = []
    with network.socket(host, socket.SOCK_DGRAM) as end:
        end.bind((own, 5060))
        end.settimeout(seconds)
        end.sendto(request("INVITE", f"<{target}>", description), (border, 5060))
        try:
            while not statuses or statuses[-1] < 200:
                response = end.recv(65536).decode("utf-8", "replace")
                statuses.append(int(re.match(r"SIP/2.0 (\d{3})", response)[1]))
        except TimeoutError:
            return statuses
        to = re.search(r"^To: *(.*?)\r$", response, re.MULTILINE | re.IGNORECASE)[1]
        end.sendto(request("ACK", to, ""), (border, 5060))
    return statuses
