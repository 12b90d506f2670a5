#include "sbc/b2bua/call_context.h"

#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sip/message_builder.h"
#include "sip/session/session_timer.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;

std::string CallContext::new_via(const Adjacency& out, sip::Transport transport) const {
    return via(out, transport, sip::transaction::make_branch(bucket, host.random()));
}

void CallContext::answer(AdjacencyIndex to, sip::transaction::ServerId id,
                         const sip::Message& request, int status, std::string_view reason,
                         int warning, std::optional<policy::Refusal> rule) const {
    auto builder = sip::reply(request, status, own_tag, reason);
    if (warning != 0) {
        builder.header(HeaderName::Warning, b2bua::warning(adjacency(to), warning, reason));
    }
    if (rule && adjacency(to).tells_rule) {
        builder.header(HeaderName::Warning, rule_warning(adjacency(to), policy::to_string(*rule),
                                                         policy::sentence(*rule)));
    }
    if (status == 405 || status == 501) {
        builder.header(HeaderName::Allow, policy::allowed_methods(adjacency(to).profile));
    }
    if (status == 415) {  // RFC 3261 §21.4.13: no type is refused, only what is encoded
        builder.header("Accept-Encoding", "identity");
    }
    if (const std::string options = policy::unsupported_options(request);
        status == 420 && !options.empty()) {
        builder.header(HeaderName::Unsupported, options);
    }
    host.respond(id, builder.build());
}

bool CallContext::refuse_short_session(AdjacencyIndex from, sip::transaction::ServerId id,
                                       const sip::Message& request) const {
    const std::uint32_t minimum = adjacency(from).session_timer_minimum;
    const auto asked = sip::session::session_expires(request);
    if (!asked || asked->seconds >= minimum || !request.has_token(HeaderName::Supported, "timer")) {
        return false;
    }
    auto builder = sip::reply(request, 422, own_tag);
    builder.header(HeaderName::MinSe, std::to_string(minimum));
    host.respond(id, builder.build());
    return true;
}

}  // namespace ringwall::sbc::b2bua
