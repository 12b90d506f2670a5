#include "sbc/b2bua/call_context.h"

#include "sbc/b2bua/refusal.h"
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
                         int warning, std::optional<policy::Rule> rule) const {
    auto builder = refusal(&adjacency(to), request, own_tag,
                           {.status = status, .reason = reason, .warning = warning, .rule = rule});
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

void CallContext::keep_refusal(const Refused& what) const {
    CallRecord record = record_of(what.message, &adjacency(what.from), host.now().wall);
    record.within = name;
    record.to_adjacency = adjacency(what.to).name;
    record.to_security = adjacency(what.to).security;
    record.is_secure = security.is_secure();
    record.result = "refused";
    record.status = what.status;
    record.reason = what.reason;
    if (what.target) {
        record.decisions.add(*what.target);
        if (decisions != nullptr) {
            decisions->add(*what.target);
        }
        if (const auto rule = policy::rule_of(*what.target)) {
            record.reason = rule->name;
            host.count_refusal(rule->name);
        }
    }
    host.keep_refusal(std::move(record));
}

bool CallContext::refuse_short_session(AdjacencyIndex from, sip::transaction::ServerId id,
                                       const sip::Message& request) const {
    const std::uint32_t minimum = adjacency(from).session_timer_minimum;
    const auto asked = sip::session::session_expires(request);
    if (!asked || asked->seconds >= minimum || !request.has_token(HeaderName::Supported, "timer")) {
        return false;
    }
    auto builder = refusal(&adjacency(from), request, own_tag, {.status = 422});
    builder.header(HeaderName::MinSe, std::to_string(minimum));
    host.respond(id, builder.build());
    return true;
}

}  // namespace ringwall::sbc::b2bua
