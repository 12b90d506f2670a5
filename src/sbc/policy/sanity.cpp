// Stage "sanity": RFC 3261 §8.2.1 to §8.2.2.3 and §16.3, for a back-to-back user agent that hands
// on what it can hand on. Merged requests (482) are found by the transaction layer.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

using sip::HeaderName;
using sip::Method;

namespace {

enum class Place : std::uint8_t { OutsideDialogs, Phones, WithinDialogs };
struct Carried {
    Method method;
    Place place;
};
// What we carry, and where: in this order it is our Allow.
constexpr std::array carried_methods{
    Carried{Method::Invite, Place::OutsideDialogs},
    Carried{Method::Ack, Place::WithinDialogs},
    Carried{Method::Cancel, Place::WithinDialogs},
    Carried{Method::Bye, Place::WithinDialogs},
    Carried{Method::Options, Place::OutsideDialogs},
    Carried{Method::Register, Place::Phones},
    Carried{Method::Prack, Place::WithinDialogs},
    Carried{Method::Update, Place::WithinDialogs},
    Carried{Method::Info, Place::WithinDialogs},
    Carried{Method::Refer, Place::WithinDialogs},
    Carried{Method::Notify, Place::WithinDialogs},
    Carried{Method::Message, Place::OutsideDialogs},
};

// Options that only the two user agents have to understand, because the border controller passes
// all that they need: PRACK and RSeq/RAck (RFC 3262), UPDATE and Session-Expires (RFC 4028), and
// preconditions in the SDP (RFC 3312). Not here: replaces (its dialog ids are not translated
// at set-up), path, outbound and gruu (the registrar grants none of them when required).
constexpr std::array<std::string_view, 3> passed_options{"100rel", "timer", "precondition"};

std::string allowed_methods(Profile profile) {
    std::string list;
    for (const Carried& carried : carried_methods) {
        if (carried.place == Place::Phones && profile != Profile::Access) {
            continue;
        }
        list += list.empty() ? "" : ", ";
        list += sip::to_string(carried.method);
    }
    return list;
}

std::optional<Reject> check_method(const Inbound& inbound) {
    const Method method = inbound.request.method();
    const Profile profile = inbound.from_adjacency().profile;
    const auto carried = std::ranges::find(carried_methods, method, &Carried::method);
    if (carried != carried_methods.end()) {
        if (carried->place == Place::OutsideDialogs ||
            (carried->place == Place::Phones && profile == Profile::Access)) {
            return std::nullopt;
        }
        // REFER and NOTIFY may also begin something; that we do not carry.
        const bool is_mid_dialog_only = carried->place == Place::WithinDialogs &&
                                        method != Method::Refer && method != Method::Notify;
        if (is_mid_dialog_only) {
            return Reject{.status = 481,
                          .reason = "Call/Transaction Does Not Exist",
                          .detail = "belongs into a dialog"};
        }
    }
    const bool is_unknown = method == Method::Unknown;
    return Reject{.status = is_unknown ? 501 : 405,
                  .reason = is_unknown ? "Not Implemented" : "Method Not Allowed",
                  .detail = "method not carried",
                  .fields = {{HeaderName::Allow, allowed_methods(profile)}}};
}

bool is_passed(std::string_view option) {
    return std::ranges::any_of(passed_options, [option](std::string_view passed) {
        return equals_ignoring_case(passed, option);
    });
}

// RFC 3261 §8.2.2.3. What a REGISTER requires, it requires of us.
std::optional<Reject> check_required_options(const sip::Message& request) {
    std::string unsupported;
    const auto refuse = [&unsupported](std::string_view option) {
        unsupported += unsupported.empty() ? "" : ", ";
        unsupported += option;
    };
    for (const std::string_view option : request.values(HeaderName::Require)) {
        if (request.method() == Method::Register || !is_passed(option)) {
            refuse(option);
        }
    }
    for (const std::string_view option : request.values(HeaderName::ProxyRequire)) {
        refuse(option);
    }
    if (unsupported.empty()) {
        return std::nullopt;
    }
    return Reject{.status = 420,
                  .reason = "Bad Extension",
                  .detail = "requires " + unsupported,
                  .fields = {{HeaderName::Unsupported, unsupported}}};
}

// RFC 3261 §16.3: nobody after us may get it. What we answer ourselves may be at its end.
bool has_gone_too_far(const Inbound& inbound) {
    const sip::Message& request = inbound.request;
    return request.max_forwards() == 0U && request.method() != Method::Register &&
           !(request.method() == Method::Options && is_addressed_to_us(inbound));
}

// RFC 3261 §8.1.1.8: exactly one, or the other side could never send anything in the dialog.
bool has_one_contact(const sip::Message& request) {
    const auto contacts = request.name_addrs(HeaderName::Contact);
    return contacts && contacts->size() == 1;
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
        return Reject{.status = 416, .reason = "Unsupported URI Scheme"};
    }
    if (has_gone_too_far(inbound)) {
        return Reject{.status = 483, .reason = "Too Many Hops"};
    }
    if (auto reject = check_required_options(request)) {
        return std::move(*reject);
    }
    if (request.method() == Method::Invite && !has_one_contact(request)) {
        return Reject{.status = 400, .reason = "INVITE Needs One Contact"};
    }
    return Continue{};
}

}  // namespace ringwall::sbc::policy
