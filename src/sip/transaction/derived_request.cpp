#include "sip/transaction/derived_request.h"

#include <algorithm>

#include "sip/message_builder.h"

namespace ringwall::sip::transaction {
namespace {

MessagePtr derive(Method method, const Message& invite, const Message& to,
                  const Reasons& reasons = {}) {
    MessageBuilder builder = MessageBuilder::request(to_string(method), invite.request_uri_text());
    builder.header(HeaderName::Via, invite.top_via().text)
        .header(HeaderName::MaxForwards, "70")
        .copy(HeaderName::Route, invite)
        .copy(HeaderName::From, invite)
        .copy(HeaderName::To, to)
        .copy(HeaderName::CallId, invite)
        .header(HeaderName::CSeq,
                std::to_string(invite.cseq().number) + " " + std::string(to_string(method)));
    for (const std::string& reason : reasons) {
        builder.header(HeaderName::Reason, reason);
    }
    return builder.build();
}

}  // namespace

MessagePtr make_ack(const Message& invite, const Message& response) {
    return derive(Method::Ack, invite, response);
}

MessagePtr make_cancel(const Message& invite, const Reasons& reasons) {
    return derive(Method::Cancel, invite, invite, reasons);
}

MessagePtr make_again(const Message& request, std::string_view via,
                      std::span<const HeaderName> without) {
    MessageBuilder builder =
        MessageBuilder::request(request.method_text(), request.request_uri_text());
    builder.header(HeaderName::Via, via);
    for (const HeaderLine& line : request.headers()) {
        if (line.id != HeaderName::Via && line.id != HeaderName::ContentLength &&
            std::ranges::find(without, line.id) == without.end()) {
            builder.raw(line);
        }
    }
    if (!request.body().empty()) {
        builder.body(request.body());
    }
    return builder.build();
}

}  // namespace ringwall::sip::transaction
