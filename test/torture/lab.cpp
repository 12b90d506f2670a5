#include "torture/lab.h"

#include <fstream>
#include <iterator>
#include <set>

#include "sip/auth/digest.h"

namespace ringwall::test {

using sip::HeaderName;

const Endpoint TortureLab::to_near{ip("192.0.2.3"), 5060};
const Endpoint TortureLab::to_far{ip("192.0.2.4"), 5060};
const Endpoint TortureLab::to_phones{ip("192.0.2.2"), 5060};

std::string torture_message(const std::string& file) {
    std::ifstream in(std::string(TEST_DATA) + "/torture/rfc4475/" + file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

std::string again(std::string request) {
    const auto parsed = sip::Message::parse(request, sip::Framing::Datagram);
    EXPECT_TRUE(parsed.message != nullptr && !parsed.fault);
    const std::string cseq(parsed.message->header(HeaderName::CSeq)->value);
    const std::string next = std::to_string(parsed.message->cseq().number + 1) + " " +
                             std::string(parsed.message->method_text());
    const std::string branch(parsed.message->top_via().branch());
    return replaced(replaced(std::move(request), cseq, next), branch,
                    branch + "-" + next.substr(0, next.find(' ')));
}

std::string with_credentials(const std::string& request, const sip::Message& challenge,
                             const std::string& username, const std::string& password,
                             std::uint32_t nonce_count) {
    const auto parsed = sip::Message::parse(request, sip::Framing::Datagram);
    const auto* line = challenge.header(HeaderName::WwwAuthenticate);
    EXPECT_NE(line, nullptr);
    if (line == nullptr) {
        return request;
    }
    SeededRandom random(5);
    const auto credentials = sip::auth::answer(
        *sip::auth::parse_challenge(line->value), {username, Secret(password)},
        parsed.message->method_text(), parsed.message->request_uri_text(), nonce_count, random);
    const std::string field = "\r\nAuthorization: " + sip::auth::to_string(credentials) + "\r\n";
    return replaced(again(request), "\r\n", field);
}

const std::string offer =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.30\r\ns=-\r\nc=IN IP4 192.0.2.30\r\nt=0 0\r\n"
    "m=audio 49217 RTP/AVP 0\r\n";

std::string Request::text() const {
    std::string out = method + " " + uri + " SIP/2.0\r\n";
    out += "Via: SIP/2.0/UDP 192.0.2.30;branch=z9hG4bK-" + name + "\r\n";
    out += "Max-Forwards: " + max_forwards + "\r\n";
    out += "From: <sip:caller@example.net>;tag=from-" + name + "\r\n";
    out += "To: <" + uri + ">" + (to_tag.empty() ? "" : ";tag=" + to_tag) + "\r\n";
    out += "Call-ID: " + name + "@192.0.2.30\r\n";
    out += "CSeq: 7 " + method + "\r\n";
    const bool is_invite = method == "INVITE";
    if (is_invite) {
        out += "Contact: <sip:caller@192.0.2.30>\r\n";
    }
    const std::string content = is_invite && body.empty() ? offer : body;
    if (is_invite && body.empty()) {
        out += "Content-Type: application/sdp\r\n";
    }
    return out + fields + "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
           content;
}

TortureLab::TortureLab(std::string_view configuration)
    : border(net, std::string(configuration)),
      near(net, ip("192.0.2.30")),
      far(net, ip("192.0.2.40")),
      phone(net, ip("192.0.2.20")) {}

void TortureLab::TearDown() {
    net.settle();
    EXPECT_EQ(border.sbc().calls(), 0U);
    EXPECT_TRUE(border.sbc().is_empty());
    const std::set<IpAddress> ours{to_near.address, to_far.address, to_phones.address};
    const std::set<IpAddress> peers{near.address(), far.address(), phone.address()};
    for (const auto& packet : net.packets()) {
        EXPECT_TRUE(!ours.contains(packet.from.address) || peers.contains(packet.to.address))
            << "sent to " << packet.to.to_string();
    }
}

int TortureLabWithPhones::do_register(const std::string& request, const std::string& username,
                                      FlowId over) {
    const auto send = [&](const std::string& bytes) {
        if (over) {
            phone.stream(over, bytes);
        } else {
            phone.send(to_phones, bytes);
        }
        run();
    };
    send(request);
    if (phone.last_response() != nullptr && phone.last_response()->status() == 401) {
        send(with_credentials(request, *phone.last_response(), username));
    }
    return phone.last_response() == nullptr ? 0 : phone.last_response()->status();
}

}  // namespace ringwall::test
