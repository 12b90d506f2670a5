#include "sbc/registrar/outbound.h"

namespace ringwall::sbc::registrar {
namespace {

// We are the edge proxy and the registrar in one: what came through another proxy came by a flow
// that is not ours.
bool is_first_hop(const sip::Message& request) {
    return request.count(sip::HeaderName::Via) == 1 &&
           request.values(sip::HeaderName::Via).size() == 1;
}

}  // namespace

bool is_flow(const sip::Contact& contact) {
    return contact.reg_id != 0 && !contact.instance.empty();
}

// The first proxy of the way is the last that a Path names (RFC 3327 §5.2).
bool can_keep_flows(const sip::Message& request) {
    const auto path = request.name_addrs(sip::HeaderName::Path);
    return is_first_hop(request) ||
           (path && !path->empty() && path->back().uri.parameters.has("ob"));
}

bool has_outbound(const sip::Message& request) {
    return request.has_token(sip::HeaderName::Supported, "outbound") && can_keep_flows(request);
}

}  // namespace ringwall::sbc::registrar
