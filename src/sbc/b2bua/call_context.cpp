#include "sbc/b2bua/call_context.h"

#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sip/message_builder.h"
#include "sip/transaction/layer.h"

namespace ringwall::sbc::b2bua {

using sip::HeaderName;

std::string CallContext::new_via(const Adjacency& out, sip::Transport transport) const {
    return via(out, transport, sip::transaction::make_branch(bucket, host.random()));
}

void CallContext::answer(AdjacencyIndex to, sip::transaction::ServerId id,
                         const sip::Message& request, int status, std::string_view reason,
                         int warning) const {
    auto builder = sip::reply(request, status, own_tag, reason);
    if (warning != 0) {
        builder.header(HeaderName::Warning, b2bua::warning(adjacency(to), warning, reason));
    }
    if (status == 405 || status == 501) {
        builder.header(HeaderName::Allow, policy::allowed_methods(adjacency(to).profile));
    }
    if (const std::string options = policy::unsupported_options(request);
        status == 420 && !options.empty()) {
        builder.header(HeaderName::Unsupported, options);
    }
    host.respond(id, builder.build());
}

}  // namespace ringwall::sbc::b2bua
