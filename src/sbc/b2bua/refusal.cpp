#include "sbc/b2bua/refusal.h"

#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/refusal_rule.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;

namespace {

// A 487 is what the caller wanted, and a challenge says itself what it asks for.
bool is_refusal(int status) {
    return status >= 300 && status != 401 && status != 407 && status != 487;
}

}  // namespace

sip::MessageBuilder refusal(const Adjacency* from, const sip::Message& request,
                            std::string_view to_tag, const Refusing& what) {
    auto builder = sip::reply(request, what.status, to_tag, what.reason);
    if (from == nullptr) {
        return builder;
    }
    if (what.warning != 0) {
        builder.header(HeaderName::Warning, warning(*from, what.warning, what.reason));
    }
    if (what.rule) {
        tell_rule(builder, *from, *what.rule);
    } else if (what.warning == 0 && is_refusal(what.status)) {
        tell_rule(builder, *from, policy::rule_of_answer(what.status, what.reason));
    }
    return builder;
}

void tell_rule(sip::MessageBuilder& builder, const Adjacency& to, const policy::Rule& rule) {
    if (to.tells_rule) {
        builder.header(HeaderName::Warning, rule_warning(to, rule.name, rule.sentence));
    }
}

}  // namespace ringwall::sbc::b2bua
