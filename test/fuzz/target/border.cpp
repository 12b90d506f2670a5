// A whole border controller between somebody from outside, who sends datagrams, a trusted peer, who
// sends what he wants over a connection, and a phone that has registered over TLS. The octets are
// events, a line each:
//
//   U, u   a datagram from outside: the lines up to one that is "."; after u no time passes
//   T, t   octets of the trusted peer, in the same way
//   P, p   of the phone
//   R      the phone registers
//   W n    time passes, 0 to 7: 5 ms to 200 s
//   C, D   the trusted peer's connections break, the phone's
//
// In a message <request:field>, <response:field> and <invite:field> stand for what the last one
// that came to that peer has there, so that what follows is within its dialogs.
//
// After each event the border controller is consistent; what is called with sips never goes
// outside, and nothing that outside asks for comes to the phone; in the end nothing is left.
#include "scenario/border.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "scenario/tls_contexts.h"
#include "sip/auth/digest.h"
#include "sip/framing/stream_framer.h"

namespace ringwall::fuzz {
namespace {

using sip::HeaderName;
using sip::Message;

constexpr std::string_view configuration = R"(
sbc mysbc
 sbe
  tls certificate border.pem
  tls private-key border.key
  tls trust-anchors anchors.pem
  subscriber alice@example.com
   password wonderland
  adjacency sip phones
   security trusted-encrypted
   sip-calls-in secure
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.1
   attach
  adjacency sip softswitch
   security trusted-unencrypted
   media-security preferred
   refer handle
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.20 255.255.255.255
   signaling-peer 192.0.2.20
   preferred-transport tcp
   attach
  adjacency sip outside
   security untrusted
   signaling-address ipv4 192.0.2.3
   remote-address ipv4 192.0.2.30 255.255.255.255
   signaling-peer 192.0.2.30
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency outside
     dst-adjacency softswitch
     action complete
    entry 2
     match-adjacency softswitch
     dst-adjacency outside
     action complete
    entry 3
     match-adjacency phones
     dst-adjacency softswitch
     action complete
  active-call-policy-set 1
)";

// Stands in the Request-URI of what is called with sips, and nowhere else.
constexpr std::string_view mark = "called-with-sips-";
// Stands in every request from outside. It goes end to end.
constexpr std::string_view outsides_mark = "X-From: outside\r\n";

class Peer final : public engine::NetworkUser {
public:
    Peer(test::SimNetwork& net, const char* address, const Endpoint& border,
         std::shared_ptr<const tls::Context> tls = nullptr)
        : node_(net.add_node(test::ip(address))), border_(border), tls_(std::move(tls)) {
        const Endpoint local{test::ip(address), 5060};
        socket_ = node_.listen_udp(local).flow;
        node_.listen_tcp(local);
        node_.set_user(*this);
    }
    ~Peer() override { node_.leave(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void send_datagram(const std::string& text) { node_.send_datagram(socket_, border_, text); }
    void send_stream(const std::string& text) {
        if (!connection_.is_some) {
            engine::ConnectSpec spec;
            spec.transport = tls_ == nullptr ? sip::Transport::Tcp : sip::Transport::Tls;
            spec.remote = border_;
            spec.tls = tls_;
            connection_ = {node_.connect(spec), true};
        }
        node_.send(connection_.flow, text);
    }
    void cut() {
        node_.cut();
        connection_ = {};
    }
    // Over TLS, with the answer to what it was challenged with last.
    void do_register() {
        const std::string number = std::to_string(++registers_);
        std::string request =
            "REGISTER sip:example.com SIP/2.0\r\n"
            "Via: SIP/2.0/TLS 192.0.2.10;branch=z9hG4bKr" +
            number +
            "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=r\r\n"
            "To: <sip:alice@example.com>\r\nCall-ID: r\r\nCSeq: " +
            number + " REGISTER\r\nContact: <sip:alice@192.0.2.10;transport=tls>\r\n";
        if (const auto challenge = sip::auth::parse_challenge(challenge_)) {
            const auto answer =
                sip::auth::answer(*challenge, {"alice", Secret("wonderland")}, "REGISTER",
                                  "sip:example.com", registers_, random_);
            request += "Authorization: " + sip::auth::to_string(answer) + "\r\n";
        }
        send_stream(request + "Content-Length: 0\r\n\r\n");
    }
    // With what was heard in it.
    std::string filled(std::string_view text) const {
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text[at] == '<' ? text.find('>', at) : std::string_view::npos;
            const auto heard = end == std::string_view::npos
                                   ? heard_.end()
                                   : heard_.find(text.substr(at + 1, end - at - 1));
            if (heard == heard_.end()) {
                out.push_back(text[at++]);
                continue;
            }
            out.append(heard->second);
            at = end + 1;
        }
        return out;
    }

private:
    void on_datagram(engine::ListenerId, FlowId, const Endpoint&, std::string_view bytes,
                     Now) override {
        hear(bytes, sip::Framing::Datagram);
    }
    engine::AcceptDecision on_accept(engine::ListenerId, const Endpoint&) override {
        return {.is_admitted = true, .tls = nullptr};
    }
    bool on_established(FlowId flow, engine::ListenerId, const Endpoint&, const tls::PeerIdentity*,
                        Now) override {
        connection_ = {flow, true};
        return true;
    }
    void on_stream(FlowId flow, std::string_view bytes, Now) override {
        sip::StreamFramer& framer = framers_[flow.value];
        framer.feed(bytes);
        while (const auto event = framer.next()) {
            if (const auto* whole = std::get_if<sip::StreamFramer::WholeMessage>(&*event)) {
                hear(whole->bytes, sip::Framing::Stream);
            }
        }
    }
    void on_closed(FlowId flow, engine::ListenerId, const Endpoint&, CloseReason, std::string_view,
                   Now) override {
        framers_.erase(flow.value);
        if (connection_.is_some && connection_.flow == flow) {
            connection_ = {};
        }
    }
    void on_time(Now) override {}
    TimePoint next_deadline() const override { return TimePoint::max(); }

    void hear(std::string_view bytes, sip::Framing framing) {
        const auto parsed = Message::parse(std::string(bytes), framing);
        CHECK(parsed.message != nullptr);
        if (parsed.fault) {
            CHECK(!parsed.message->is_request());  // an answer echoes what the request had
            return;
        }
        const Message& message = *parsed.message;
        if (!message.is_request()) {
            if (const auto* challenge = message.header(HeaderName::WwwAuthenticate)) {
                challenge_ = challenge->value;
            }
            if (message.status() > 100) {
                keep("response:", message);
            }
            return;
        }
        if (message.method_text() != "ACK") {
            keep("request:", message);
        }
        if (message.method_text() == "INVITE") {
            keep("invite:", message);
        }
    }
    void keep(const std::string& kind, const Message& message) {
        std::string via;
        for (const std::string_view value : message.values(HeaderName::Via)) {
            via.append(via.empty() ? "" : ", ").append(value);
        }
        heard_[kind + "via"] = via;
        for (const auto& [name, field] :
             {std::pair{"from", HeaderName::From}, std::pair{"to", HeaderName::To},
              std::pair{"call-id", HeaderName::CallId}, std::pair{"cseq", HeaderName::CSeq},
              std::pair{"rseq", HeaderName::RSeq}}) {
            const sip::HeaderLine* line = message.header(field);
            heard_[kind + name] = line == nullptr ? "" : std::string(line->value);
        }
        const sip::HeaderLine* contact = message.header(HeaderName::Contact);
        std::string_view uri = contact == nullptr ? "" : contact->value;
        uri.remove_prefix(std::min(uri.find('<') + 1, uri.size()));
        heard_[kind + "contact"] = uri.substr(0, uri.find('>'));
    }

    struct Connection {
        FlowId flow;
        bool is_some = false;
    };
    test::SimNetwork::Node& node_;
    Endpoint border_;
    std::shared_ptr<const tls::Context> tls_;
    FlowId socket_;
    Connection connection_;
    std::string challenge_;
    std::uint32_t registers_ = 0;
    SeededRandom random_{5};
    std::map<std::uint64_t, sip::StreamFramer> framers_;
    std::map<std::string, std::string, std::less<>> heard_;
};

class Story {
public:
    void play(Input& input) {
        for (int events = 0; events < 60 && !input.is_empty(); ++events) {
            step(input);
            check();
        }
        border_.sbc().end_all("the test is over");
        outside_.cut();
        trusted_.cut();
        phone_.cut();
        net_.run_for(200s);
        check();
        CHECK(border_.sbc().is_empty());
    }

private:
    void step(Input& input) {
        const std::string_view event = input.until('\n');
        switch (event.empty() ? '.' : event.front()) {
            case 'U':
                outside_.send_datagram(from_outside(message(input, outside_)));
                return net_.run_for(20ms);
            case 'u':
                return outside_.send_datagram(from_outside(message(input, outside_)));
            case 'P':
                phone_.send_stream(message(input, phone_));
                return net_.run_for(20ms);
            case 'p':
                return phone_.send_stream(message(input, phone_));
            case 'R':
                for (int i = 0; i < 2; ++i) {
                    phone_.do_register();
                    net_.run_for(20ms);
                }
                return;
            case 'T':
                trusted_.send_stream(message(input, trusted_));
                return net_.run_for(20ms);
            case 't':
                return trusted_.send_stream(message(input, trusted_));
            case 'W': {
                constexpr Duration times[] = {5ms, 30ms, 200ms, 600ms, 3s, 11s, 35s, 200s};
                return net_.run_for(
                    times[event.size() > 2 ? static_cast<unsigned char>(event[2]) % 8 : 0]);
            }
            case 'C':
                return trusted_.cut();
            case 'D':
                return phone_.cut();
            default:
                return;
        }
    }
    // Lines up to ".", each ended as SIP ends them.
    std::string message(Input& input, const Peer& peer) {
        std::string text;
        while (!input.is_empty()) {
            const std::string_view line = input.until('\n');
            if (line == ".") {
                break;
            }
            text.append(peer.filled(line)).append("\r\n");
        }
        if (text.find(mark) != std::string::npos) {
            text.clear();
        }
        const std::size_t uri = text.substr(0, text.find('\r')).find(" sips:");
        return uri == std::string::npos ? text : text.insert(uri + 6, mark);
    }
    static std::string from_outside(std::string text) {
        const std::size_t end = text.find("\r\n");
        const bool is_request = end != std::string::npos && !text.starts_with("SIP/2.0");
        return is_request ? text.insert(end + 2, outsides_mark) : text;
    }
    void check() {
        CHECK(border_.sbc().is_consistent());
        const auto& packets = net_.packets();
        for (; seen_ < packets.size(); ++seen_) {
            CHECK(packets[seen_].to.address != test::ip("192.0.2.30") ||
                  packets[seen_].from.address == test::ip("192.0.2.30") ||
                  !packets[seen_].bytes.starts_with("INVITE sips:"));
            CHECK(packets[seen_].to.address != test::ip("192.0.2.30") ||
                  packets[seen_].bytes.find(mark) == std::string::npos);
            CHECK(packets[seen_].to.address != test::ip("192.0.2.10") ||
                  packets[seen_].bytes.find(outsides_mark) == std::string::npos);
        }
    }

    test::SimNetwork net_;
    test::Border border_{net_, std::string(configuration), 11, 1};
    Peer outside_{net_, "192.0.2.30", {test::ip("192.0.2.3"), 5060}};
    Peer trusted_{net_, "192.0.2.20", {test::ip("192.0.2.2"), 5060}};
    Peer phone_{net_, "192.0.2.10", {test::ip("192.0.2.1"), 5061}, test::client_context()};
    std::size_t seen_ = 0;
};

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    Story().play(input);
}

}  // namespace ringwall::fuzz
