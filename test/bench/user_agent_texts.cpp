#include "user_agent_texts.h"

#include <ranges>

#include "base/text.h"
#include "sip/message_builder.h"

namespace ringwall::bench {

using sip::HeaderName;

const std::string_view session_description =
    "v=0\r\n"
    "o=- 3747 3747 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "c=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\n"
    "m=audio 49170 RTP/AVP 96 9 0 8 18 101\r\n"
    "a=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 stereo=0; sprop-stereo=0; useinbandfec=1\r\n"
    "a=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:18 G729/8000\r\n"
    "a=fmtp:18 annexb=no\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

namespace {

constexpr std::size_t usual_size = 1200;

class Text {
public:
    explicit Text(std::string_view start) {
        text_.reserve(usual_size);
        text_.append(start).append(" SIP/2.0\r\n");
    }
    Text(int status, std::string_view reason) {
        text_.reserve(usual_size);
        text_.append("SIP/2.0 ").append(std::to_string(status)).append(" ");
        text_.append(reason).append("\r\n");
    }
    Text& line(std::string_view name, std::string_view value) {
        text_.append(name).append(": ").append(value).append("\r\n");
        return *this;
    }
    Text& raw(std::string_view lines) {
        text_.append(lines);
        return *this;
    }
    Text& via(sip::Transport transport, std::uint16_t port, const RequestIds& ids) {
        text_.append("Via: SIP/2.0/").append(to_string(transport)).append(" 127.0.0.1:");
        text_.append(std::to_string(port)).append(";rport;branch=z9hG4bK").append(ids.branch);
        text_.append("\r\n");
        return *this;
    }
    Text& ids(const RequestIds& ids, std::string_view method) {
        line("Call-ID", ids.call_id);
        return line("CSeq", std::to_string(ids.cseq) + " " + std::string(method));
    }
    std::string end(std::string_view body = {}) {
        if (!body.empty()) line("Content-Type", "application/sdp");
        line("Content-Length", std::to_string(body.size()));
        text_.append("\r\n").append(body);
        return std::move(text_);
    }

private:
    std::string text_;
};

std::string from_value(const Party& party) {
    return "<" + party.address_of_record() + ">;tag=" + party.tag;
}

}  // namespace

std::string Party::contact() const {
    std::string uri = "sip:" + user + "@127.0.0.1:" + std::to_string(port);
    if (transport != sip::Transport::Udp) {
        uri += ";transport=" + lower(to_string(transport));
    }
    return uri;
}

std::string register_text(const Party& party, const RequestIds& ids, unsigned expires,
                          std::string_view authorization) {
    Text text("REGISTER sip:" + party.domain);
    text.via(party.transport, party.port, ids).line("Max-Forwards", "70");
    text.line("From", from_value(party)).line("To", "<" + party.address_of_record() + ">");
    text.ids(ids, "REGISTER").line("Contact", "<" + party.contact() + ">");
    text.line("Expires", std::to_string(expires)).line("User-Agent", "ringwall-bench");
    if (!authorization.empty()) text.line("Authorization", authorization);
    return text.end();
}

std::string options_text(const Party& party, const RequestIds& ids) {
    Text text("OPTIONS sip:" + party.domain);
    text.via(party.transport, party.port, ids).line("Max-Forwards", "70");
    text.line("From", from_value(party)).line("To", "<sip:" + party.domain + ">");
    return text.ids(ids, "OPTIONS").end();
}

std::string invite_text(const Party& party, const RequestIds& ids, std::string_view request_uri) {
    Text text("INVITE " + std::string(request_uri));
    text.via(party.transport, party.port, ids).line("Max-Forwards", "70");
    text.line("From", "\"Bench caller\" " + from_value(party));
    text.line("To", "<" + std::string(request_uri) + ">").ids(ids, "INVITE");
    text.line("Contact", "<" + party.contact() + ">");
    text.line("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, NOTIFY, REFER");
    text.line("Supported", "timer, replaces, outbound, gruu").line("Accept", "application/sdp");
    text.line("User-Agent", "ringwall-bench").line("Subject", "A call of the bench");
    text.line("Date", "Thu, 20 Nov 2025 12:00:00 GMT");
    return text.end(session_description);
}

std::string dialog_text(std::string_view method, const Party& party, const RequestIds& ids,
                        const sip::Message& success) {
    const auto contacts = success.name_addrs(HeaderName::Contact);
    const std::string target = contacts && !contacts->empty()
                                   ? std::string(contacts->front().uri.text)
                                   : "sip:no-contact.invalid";
    Text text(std::string(method) + " " + target);
    text.via(party.transport, party.port, ids);
    for (const std::string_view route :
         success.values(HeaderName::RecordRoute) | std::views::reverse) {
        text.line("Route", route);
    }
    text.line("Max-Forwards", "70");
    text.line("From", success.from().text).line("To", success.to().text);
    return text.ids(ids, method).end();
}

std::string refusal_ack_text(std::string_view request_uri, const RequestIds& ids,
                             const sip::Message& refusal) {
    Text text("ACK " + std::string(request_uri));
    text.line("Via", refusal.top_via().text).line("Max-Forwards", "70");
    text.line("From", refusal.from().text).line("To", refusal.to().text);
    return text.ids(ids, "ACK").end();
}

std::string response_text(const sip::Message& request, int status, std::string_view to_tag,
                          std::string_view contact) {
    Text text(status, sip::reason_phrase(status));
    for (const sip::HeaderLine& line : request.headers()) {
        if (line.id == HeaderName::Via || line.id == HeaderName::RecordRoute) text.raw(line.raw);
    }
    text.line("From", request.from().text);
    std::string to(request.to().text);
    if (request.to_tag().empty()) to.append(";tag=").append(to_tag);
    text.line("To", to).line("Call-ID", request.call_id());
    text.line("CSeq", request.header(HeaderName::CSeq)->value);
    if (request.method() != sip::Method::Invite) return text.end();
    text.line("Contact", "<" + std::string(contact) + ">");
    if (status < 200 || status > 299) return text.end();
    text.line("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS");
    return text.end(session_description);
}

}  // namespace ringwall::bench
