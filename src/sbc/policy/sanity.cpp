// Stage "sanity": RFC 3261 §8.2.1 to §8.2.2.3 and §16.3, for a back-to-back user agent that hands
// on what it can hand on. Merged requests (482) are found before it: see Sbc::is_merged.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/stages.h"
#include "sip/dialog/dialog.h"

namespace ringwall::sbc::policy {

using sip::HeaderName;
using sip::Method;

namespace {

std::optional<Reject> check_method(const Inbound& inbound) {
    const Method method = inbound.request.method();
    const Profile profile = inbound.from_adjacency().profile;
    if (is_carried_outside_dialogs(method, profile)) {
        return std::nullopt;
    }
    if (is_carried_within_dialogs(method)) {
        return Reject{.status = 481,
                      .reason = "Call/Transaction Does Not Exist",
                      .detail = "belongs into a dialog",
                      .cause = FailureCause::Signalling};
    }
    const bool is_unknown = method == Method::Unknown;
    return Reject{.status = is_unknown ? 501 : 405,
                  .reason = is_unknown ? "Not Implemented" : "Method Not Allowed",
                  .detail = "method not carried",
                  .fields = {{HeaderName::Allow, allowed_methods(profile)}},
                  .cause = FailureCause::Signalling};
}

// RFC 3261 §16.3: nobody after us may get it. What we answer ourselves may be at its end.
bool has_gone_too_far(const Inbound& inbound) {
    const sip::Message& request = inbound.request;
    return request.max_forwards() == 0U && request.method() != Method::Register &&
           !(request.method() == Method::Options && is_addressed_to_us(inbound));
}

// RFC 3261 §8.1.1.8: exactly one, or the other side could never send anything in the dialog.
bool has_one_contact(const sip::Message& request) {
    return request.contacts().list.size() == 1;
}

// RFC 3261 §10.2: the address-of-record, and so the To of a REGISTER, is a SIP or SIPS URI.
bool can_be_registered(const sip::Message& request) {
    const sip::Scheme scheme = request.to().uri.scheme;
    return scheme == sip::Scheme::Sip || scheme == sip::Scheme::Sips;
}

}  // namespace

bool is_addressed_to_us(const Inbound& inbound) {
    const sip::Uri& uri = inbound.request.request_uri();
    if (uri.has_user || (uri.scheme != sip::Scheme::Sip && uri.scheme != sip::Scheme::Sips)) {
        return false;
    }
    const Adjacency& adjacency = inbound.from_adjacency();
    const auto names_us = [&uri](std::string_view name) {
        return equals_ignoring_case(uri.host, name);
    };
    return names_us(adjacency.own_host()) || IpAddress::parse(uri.host) == inbound.local.address ||
           std::ranges::any_of(adjacency.domains, names_us);
}

Verdict check_message(Inbound& inbound) {
    const sip::Message& request = inbound.request;
    if (auto reject = check_method(inbound)) {
        return std::move(*reject);
    }
    if (request.request_uri().scheme == sip::Scheme::Other) {
        return Reject{
            .status = 416, .reason = "Unsupported URI Scheme", .cause = FailureCause::Signalling};
    }
    if (has_gone_too_far(inbound)) {
        return Reject{.status = 483, .reason = "Too Many Hops", .cause = FailureCause::Signalling};
    }
    if (const std::string options = unsupported_options(request); !options.empty()) {
        return Reject{.status = 420,
                      .reason = "Bad Extension",
                      .detail = "requires " + options,
                      .fields = {{HeaderName::Unsupported, options}},
                      .cause = FailureCause::Signalling};
    }
    if (makes_dialog(request.method()) && !has_one_contact(request)) {
        return Reject{.status = 400,
                      .reason = std::string(request.method_text()) + " Needs One Contact",
                      .cause = FailureCause::Signalling};
    }
    if (makes_dialog(request.method()) && !sip::can_begin_dialog(request)) {
        return Reject{.status = 400,
                      .reason = "Contact Or Record-Route Is No SIP URI",
                      .cause = FailureCause::Signalling};
    }
    if (request.method() == Method::Register && !can_be_registered(request)) {
        return Reject{
            .status = 400, .reason = "To Is No SIP URI", .cause = FailureCause::Signalling};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
