#include "sbc/b2bua/refer_to.h"

#include <algorithm>

#include "base/text.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::b2bua {

namespace {

bool is_address(std::string_view host) {
    return IpAddress::parse(host).has_value();
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

// RFC 3261 §19.1.1: no Request-URI says its method.
std::string without_method(std::string uri) {
    const auto found = std::ranges::search(uri, std::string_view(";method="), [](char a, char b) {
        return to_lower(a) == to_lower(b);
    });
    const auto at = static_cast<std::size_t>(found.begin() - uri.begin());
    return found.empty() ? uri : uri.erase(at, uri.find_first_of(";?", at + 1) - at);
}

}  // namespace

std::string refer_to(const sip::NameAddr& original, sip::Scheme scheme, const Adjacency& from,
                     const Adjacency& to, const Vouch& vouch) {
    const sip::Uri& uri = original.uri;
    if (uri.scheme != sip::Scheme::Sip && uri.scheme != sip::Scheme::Sips) {
        return std::string(original.text);
    }
    std::string headers(uri.headers);
    const auto replaced = sip::parse_replaces(sip::uri_header(uri.headers, "Replaces"));
    const auto word = replaced ? vouch(*replaced) : std::nullopt;
    const bool names_our_dialog = word.has_value();
    if (names_our_dialog) {
        sip::DialogIds ids = voucher(*word);
        ids.early_only = replaced->early_only;
        headers = sip::with_uri_header(uri.headers, "Replaces", sip::replaces_value(ids));
    }
    const bool names_our_host = equals_ignoring_case(uri.host, from.own_host()) ||
                                equals_ignoring_case(uri.host, to.own_host()) ||
                                equals_ignoring_case(uri.host, from.signaling_peer) ||
                                is_address(uri.host);
    if (!names_our_host && !names_our_dialog && scheme == uri.scheme) {
        return std::string(original.text);
    }
    std::string value;
    if (!original.display_name.empty()) {
        value.append(original.display_name).append(" ");
    }
    value.append("<").append(names_our_host || names_our_dialog ? own_uri(uri, scheme, to)
                                                                : sip::with_scheme(uri, scheme));
    if (!headers.empty()) {
        value.append("?").append(headers);
    }
    return value.append(">");
}

std::string redirect_contact(const sip::NameAddr& original, sip::Scheme scheme,
                             const Adjacency& from, const Adjacency& to, const Vouch& vouch) {
    std::string value = refer_to(original, scheme, from, to, vouch);
    if (value == original.text) {
        return value;
    }
    for (const std::string_view name : {"q", "expires"}) {
        if (const auto said = original.parameters.find(name)) {
            value.append(";").append(name).append("=").append(*said);
        }
    }
    return value;
}

Changes refer_changes(const sip::Message& refer, sip::Scheme scheme, const Adjacency& from,
                      const Adjacency& to, sip::Scheme leg_scheme, const Vouch& vouch) {
    using sip::HeaderName;
    Changes changes{{HeaderName::ReferTo, HeaderName::ReferredBy}, {}};
    if (const auto targets = refer.name_addrs(HeaderName::ReferTo); targets && !targets->empty()) {
        changes.added.emplace_back(HeaderName::ReferTo,
                                   refer_to(targets->front(), scheme, from, to, vouch));
    }
    if (const sip::HeaderLine* by = refer.header(HeaderName::ReferredBy)) {
        changes.added.emplace_back(HeaderName::ReferredBy, referred_by(by->value, to, leg_scheme));
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
    const std::string seen =
        refer_to(target, scheme, referred.from, referred.to,
                 [](const sip::DialogIds&) -> std::optional<std::string> { return std::nullopt; });
    const auto address = sip::parse_name_addr(seen);
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
    if (const sip::HeaderLine* by = refer.header(HeaderName::ReferredBy)) {
        invite.header(HeaderName::ReferredBy, referred_by(by->value, referred.to, party.scheme));
    }
    if (const std::string replaces = sip::uri_header(target.uri.headers, "Replaces");
        !replaces.empty()) {
        invite.header(HeaderName::Replaces, replaces);
    }
    return invite.build();
}

std::string referred_by(std::string_view original, const Adjacency& to, sip::Scheme scheme) {
    const auto parsed = sip::parse_name_addr(original);
    if (!parsed || !is_address(parsed->uri.host)) {
        return std::string(original);
    }
    return address(*parsed, to, scheme);
}

sip::DialogIds voucher(std::string_view word) {
    const std::string tag(word);
    return {tag, tag, tag, false};
}

bool is_voucher(const sip::DialogIds& ids) {
    return ids.call_id == ids.to_tag && ids.from_tag == ids.to_tag;
}

}  // namespace ringwall::sbc::b2bua
