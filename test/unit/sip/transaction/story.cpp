#include "unit/sip/transaction/story.h"

#include "base/check.h"

namespace ringwall::sip::transaction {
namespace {

std::string headline(const Message& message) {
    return message.is_request() ? std::string(message.method_text())
                                : std::to_string(message.status());
}

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

struct Words {
    std::string operator()(const Transmit& a) const { return "transmit " + headline(*a.message); }
    std::string operator()(const StartTimer& a) const {
        return "start " + std::string(to_string(a.timer)) + " " + milliseconds(a.after);
    }
    std::string operator()(const StopTimer& a) const {
        return "stop " + std::string(to_string(a.timer));
    }
    std::string operator()(const NewRequest& a) const { return "new " + headline(*a.request); }
    std::string operator()(const Ack&) const { return "ack"; }
    std::string operator()(const NewResponse& a) const {
        return "response " + headline(*a.response);
    }
    std::string operator()(const ClientFailed& a) const {
        return "failed " + std::string(to_string(a.cause));
    }
    std::string operator()(const ServerEnded& a) const {
        return "server ended " + std::string(to_string(a.cause));
    }
    std::string operator()(const ClientEnded&) const { return "client ended"; }
    std::string operator()(const Stray& a) const { return "stray " + headline(*a.response); }
};

}  // namespace

MessagePtr make(const Draft& draft) {
    std::string text = draft.method + " " + draft.uri + " SIP/2.0\r\n";
    text += "Via: SIP/2.0/UDP " + draft.sent_by;
    text += draft.branch.empty() ? "\r\n" : ";branch=" + draft.branch + "\r\n";
    text +=
        "Max-Forwards: 70\r\nFrom: Alice <sip:alice@example.org>;tag=" + draft.from_tag + "\r\n";
    text += "To: Bob <sip:bob@example.com>";
    text += draft.to_tag.empty() ? "\r\n" : ";tag=" + draft.to_tag + "\r\n";
    text += "Call-ID: " + draft.call_id + "\r\n";
    text += "CSeq: " + std::to_string(draft.cseq) + " " + draft.method + "\r\n";
    for (const std::string& line : draft.more) {
        text += line + "\r\n";
    }
    text += "Content-Length: 0\r\n\r\n";
    const Parsed parsed = Message::parse(std::move(text), Framing::Datagram);
    CHECK(parsed.message && !parsed.fault);
    return parsed.message;
}

MessagePtr answer_to(const MessagePtr& request, int status, std::string_view to_tag) {
    return reply(*request, status, status == 100 ? "" : to_tag).build();
}

Hop udp_hop() {
    return Hop{FlowId{1}, Endpoint{IpAddress::v4(192, 0, 2, 1), 5060}, Transport::Udp};
}

Hop tls_hop() {
    return Hop{FlowId{2}, Endpoint{IpAddress::v4(192, 0, 2, 2), 5061}, Transport::Tls};
}

Hop hop_over(Reliability reliability) {
    return reliability == Reliability::Reliable ? tls_hop() : udp_hop();
}

std::string to_string(const Action& action) {
    return std::visit(Words{}, action);
}

std::vector<std::string> to_strings(const Actions& actions) {
    std::vector<std::string> words;
    for (const Action& action : actions) {
        words.push_back(to_string(action));
    }
    return words;
}

}  // namespace ringwall::sip::transaction
