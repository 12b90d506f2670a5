#include "sbc/b2bua/refer_to.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

namespace {

// With the root's dot, too (RFC 1034 §3.1).
bool is_same_host(std::string_view host, std::string_view other) {
    return equals_ignoring_case(host.ends_with('.') ? host.substr(0, host.size() - 1) : host,
                                other);
}

bool is_address(std::string_view host) {
    return IpAddress::parse(host.ends_with('.') ? host.substr(0, host.size() - 1) : host)
        .has_value();
}

// "<sip:user@our.host:5060>", as our Contact there is.
std::string own_uri(const sip::Uri& uri, sip::Scheme scheme, const Adjacency& to) {
    const std::string contact = b2bua::contact(
        to, to.is_encrypted() ? sip::Transport::Tls : to.preferred_transport, scheme, uri.user);
    std::string value = contact.substr(1, contact.size() - 2);
    if (const auto method = uri.parameters.find("method")) {
        value.append(";method=").append(*method);
    }
    return value;
}

// Somebody else's URI: what says how to get there from the near side stays behind.
std::string others_uri(const sip::Uri& uri, sip::Scheme scheme) {
    std::string value = scheme == sip::Scheme::Sips ? "sips:" : "sip:";
    if (uri.has_user) {
        value.append(uri.user).append("@");
    }
    value.append(uri.host);
    if (uri.port != 0) {
        value.append(":").append(std::to_string(uri.port));
    }
    return value.append(parameters_of_user(uri.parameters.text));
}

// RFC 3261 §19.1.1: no Request-URI says its method.
std::string without_method(std::string uri) {
    const auto found = std::ranges::search(uri, std::string_view(";method="), [](char a, char b) {
        return to_lower(a) == to_lower(b);
    });
    const auto at = static_cast<std::size_t>(found.begin() - uri.begin());
    return found.empty() ? uri : uri.erase(at, uri.find_first_of(";?", at + 1) - at);
}

// Of the headers that a URI asks for (RFC 3261 §19.1.1) those that say what is wanted. Route, Via
// and the like would name hosts, and a body could bear keys. An escaped name is none of these.
std::string passed_headers(std::string_view headers) {
    constexpr std::array<std::string_view, 5> passed{"Replaces", "Require", "Subject",
                                                     "Accept-Contact", "Priority"};
    std::string out;
    while (!headers.empty()) {
        const std::string_view one = headers.substr(0, headers.find('&'));
        const std::string_view name = one.substr(0, one.find('='));
        if (std::ranges::any_of(
                passed, [&](std::string_view each) { return equals_ignoring_case(name, each); })) {
            out.append(out.empty() ? "" : "&").append(one);
        }
        headers.remove_prefix(std::min(one.size() + 1, headers.size()));
    }
    return out;
}

}  // namespace

std::optional<std::string> refer_to(const sip::NameAddr& original, sip::Scheme scheme,
                                    const Adjacency& from, const Adjacency& to,
                                    const Vouch& vouch) {
    const sip::Uri& uri = original.uri;
    std::string value;
    if (!original.display_name.empty()) {
        value.append(original.display_name).append(" ");
    }
    if (uri.scheme != sip::Scheme::Sip && uri.scheme != sip::Scheme::Sips) {
        return value.append("<").append(uri.text).append(">");
    }
    std::string headers = passed_headers(uri.headers);
    const auto replaced = sip::parse_replaces(sip::uri_header(headers, "Replaces"));
    const auto word = replaced ? vouch(*replaced) : std::nullopt;
    if (word) {
        sip::DialogIds ids = voucher(*word);
        ids.early_only = replaced->early_only;
        headers = sip::with_uri_header(headers, "Replaces", sip::replaces_value(ids));
    }
    const bool is_ours = word || is_same_host(uri.host, from.own_host()) ||
                         is_same_host(uri.host, to.own_host()) ||
                         is_same_host(uri.host, from.signaling_peer) || is_address(uri.host);
    value.append("<").append(is_ours ? own_uri(uri, scheme, to) : others_uri(uri, scheme));
    if (!headers.empty()) {
        value.append("?").append(headers);
    }
    value.append(">");
    return sip::parse_name_addr(value) ? std::optional(std::move(value)) : std::nullopt;
}

std::optional<std::string> redirect_contact(const sip::NameAddr& original, sip::Scheme scheme,
                                            const Adjacency& from, const Adjacency& to,
                                            const Vouch& vouch) {
    auto value = refer_to(original, scheme, from, to, vouch);
    for (const std::string_view name : {"q", "expires"}) {
        if (const auto said = original.parameters.find(name); value && said) {
            value->append(";").append(name).append("=").append(*said);
        }
    }
    return value;
}

std::optional<Changes> refer_changes(const sip::Message& refer, sip::Scheme scheme,
                                     const Adjacency& from, const Adjacency& to,
                                     const Vouch& vouch) {
    using sip::HeaderName;
    Changes changes{{HeaderName::ReferTo}, {}};
    if (const auto targets = refer.name_addrs(HeaderName::ReferTo); targets && !targets->empty()) {
        auto value = refer_to(targets->front(), scheme, from, to, vouch);
        if (!value) {
            return std::nullopt;
        }
        changes.added.emplace_back(HeaderName::ReferTo, std::move(*value));
    }
    return changes;
}

sip::MessagePtr referred_invite(const sip::Message& refer, sip::Scheme scheme,
                                const Referred& referred) {
    using sip::HeaderName;
    const Leg& party = referred.party;
    const CallContext& context = referred.context;
    const auto targets = refer.name_addrs(HeaderName::ReferTo);
    const sip::NameAddr& target = targets->front();
    const auto seen =
        refer_to(target, scheme, referred.from, referred.to,
                 [](const sip::DialogIds&) -> std::optional<std::string> { return std::nullopt; });
    if (!seen) {
        return nullptr;
    }
    const auto address = sip::parse_name_addr(*seen);
    const sip::Uri& uri = address->uri;
    const std::string request_uri = uri.scheme == sip::Scheme::Tel
                                        ? std::string(uri.text)
                                        : without_method(sip::with_scheme(uri, uri.scheme));
    auto invite = sip::MessageBuilder::request("INVITE", request_uri);
    invite.header(HeaderName::Via, context.new_via(referred.to, party.hop.transport));
    invite.header(HeaderName::MaxForwards, std::to_string(refer.max_forwards().value_or(70)));
    invite.header(HeaderName::From,
                  party.dialog.remote_uri() + ";tag=" + context.host.random().token(20));
    invite.header(HeaderName::To, "<" + request_uri + ">");
    invite.header(HeaderName::CallId, bucket_token(context.bucket, context.host.random(), 24));
    invite.header(HeaderName::CSeq, "1 INVITE");
    invite.header(HeaderName::Contact,
                  contact(referred.to, party.hop.transport, party.scheme, party.user));
    invite.header(HeaderName::Allow, party.allows_update
                                         ? "INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE"
                                         : "INVITE, ACK, CANCEL, OPTIONS, BYE");
    if (party.asked.user || party.asked.id) {  // it would say so itself
        invite.header(HeaderName::Privacy, party.asked.user ? "user;id" : "id");
    }
    if (const sip::HeaderLine* by = refer.header(HeaderName::ReferredBy)) {
        if (const auto value = referred_by(by->value, referred.from, referred.to,
                                           {.address_of_record = referred.by})) {
            invite.header(HeaderName::ReferredBy, *value);
        }
    }
    if (const std::string replaces = sip::uri_header(target.uri.headers, "Replaces");
        !replaces.empty()) {
        invite.header(HeaderName::Replaces, replaces);
    }
    return invite.build();
}

sip::DialogIds voucher(std::string_view word) {
    const std::string tag(word);
    return {tag, tag, tag, false};
}

bool is_voucher(const sip::DialogIds& ids) {
    return ids.call_id == ids.to_tag && ids.from_tag == ids.to_tag;
}

}  // namespace ringwall::sbc::b2bua
