// Part of Sbc: what would become of a call. The request is made up, the rest is what every call
// meets: run_pipeline, and the Call itself (b2bua/rehearsal).
#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "sbc/b2bua/rehearsal.h"
#include "sbc/sbc.h"
#include "sbc/sbc_admission.h"

namespace ringwall::sbc {

namespace {

constexpr std::string_view nobody = "anonymous.invalid";  // RFC 3323 §4.1.1.3

// Where it would come from, as far as anybody looks.
Endpoint source_on(const Adjacency& adjacency) {
    constexpr std::uint16_t some_port = 5060;
    if (adjacency.signaling_peer_address) {
        return {*adjacency.signaling_peer_address, some_port};
    }
    return {IpAddress::v4(192, 0, 2, 1), some_port};  // RFC 5737
}

// `bindings`: of who calls.
sip::Transport transport_on(const Adjacency& adjacency, AdjacencyIndex index,
                            std::span<const registrar::Binding> bindings) {
    if (adjacency.is_encrypted()) {
        return sip::Transport::Tls;
    }
    if (adjacency.profile == Profile::Access && !adjacency.registration_target) {
        // A registration proves nothing over UDP; a digest would, over any transport.
        return sip::Transport::Tcp;
    }
    const auto registered = std::ranges::find(bindings, index, &registrar::Binding::adjacency);
    return registered != bindings.end() ? registered->hop.transport : adjacency.preferred_transport;
}

// The certificate that its peer ought to show.
tls::PeerIdentity certificate_on(const Adjacency& adjacency, const ExplainQuestion& question,
                                 std::string_view host) {
    tls::PeerIdentity out;
    const bool is_phone = adjacency.profile == Profile::Access;
    const bool is_user = question.identity.find('@') != std::string::npos;
    if (is_phone && !is_user) {
        return out;
    }
    out.has_certificate = out.is_verified = out.has_subject_alt_name = true;
    if (is_phone) {
        out.sip_users = {question.identity};
        return out;
    }
    out.dns_names = adjacency.tls_peer_domains;
    out.dns_names.emplace_back(adjacency.signaling_peer.empty() ? host : adjacency.signaling_peer);
    out.dns_names.emplace_back(host);
    return out;
}

std::string invite_of(const ExplainQuestion& question, sip::Transport transport,
                      std::string_view host, const std::string& from) {
    const bool is_sips = lower(question.uri).starts_with("sips:");
    std::string out = "INVITE " + question.uri + " SIP/2.0\r\n";
    out.append("Via: SIP/2.0/")
        .append(sip::to_string(transport))
        .append(" ")
        .append(host)
        .append(";branch=z9hG4bKexplain\r\nMax-Forwards: 70\r\nFrom: <")
        .append(from)
        .append(">;tag=explain\r\nTo: <")
        .append(question.uri)
        .append(">\r\nCall-ID: explain\r\nCSeq: 1 INVITE\r\nContact: <")
        .append(is_sips ? "sips:" : "sip:")
        .append("192.0.2.1>\r\nContent-Length: 0\r\n\r\n");
    return out;
}

void assume(const Adjacency& adjacency, const ExplainQuestion& question, bool is_known,
            sip::Transport transport, Explanation& out) {
    const auto say = [&](std::string what) { out.assumptions.push_back(std::move(what)); };
    if (adjacency.profile != Profile::Access) {
        say(adjacency.is_encrypted()
                ? "The peer shows a valid certificate with the name that is expected of it."
                : "The request comes from an address of this adjacency.");
    } else if (question.identity.empty()) {
        say("The caller proves to be nobody; say 'as IDENTITY' for a phone that is known.");
    } else if (is_known) {
        say("The caller has proven to be " + question.identity +
            ", by a registration or its password.");
    } else {
        say(question.identity + " is no subscriber there, so nothing proves that the caller is.");
    }
    if (adjacency.registration_target) {
        say("It calls over " + std::string(sip::to_string(transport)) + ".");
    }
    say("Its Contact has the scheme of the call, and it requires nothing of a proxy.");
    say("There is no description of media; what it may hold is judged when there is one.");
}

// An entry with a weight is drawn by the Call-ID.
bool has_weights(const Snapshot& snapshot) {
    return snapshot.call_policy &&
           std::ranges::any_of(snapshot.call_policy->tables, [](const RoutingTable& table) {
               return std::ranges::any_of(table.entries,
                                          [](const RoutingEntry& each) { return each.weight > 0; });
           });
}

void conclude(const policy::Verdict& verdict, Explanation& out) {
    if (const auto* reject = std::get_if<policy::Reject>(&verdict)) {
        out.end = Explanation::End::Refused;
        out.status = reject->status;
        out.reason = reject->reason;
        out.detail = reject->detail;
    } else if (std::holds_alternative<policy::Challenge>(verdict)) {
        out.end = Explanation::End::Challenged;
        out.status = 401;
        out.reason = "Unauthorized";
    } else if (const auto* drop = std::get_if<policy::Drop>(&verdict)) {
        out.end = Explanation::End::Silence;
        out.detail = drop->why;
    }
}

// By which what was tried last came to nothing; empty: it was no rule, or nothing was tried.
std::string rule_of_last_target(const policy::DecisionTrace& decisions) {
    const auto targets = decisions.targets();
    const auto rule = targets.empty() ? std::nullopt : policy::rule_of(targets.back());
    return rule ? std::string(rule->name) : std::string();
}

}  // namespace

// Of a registrar behind us only who is registered just now is known here.
bool Sbc::may_be_registered(const ExplainQuestion& question) {
    const Adjacency& adjacency = snapshot_->adjacencies[question.from];
    if (!adjacency.registration_target) {
        return policy::subscriber_on(*snapshot_, adjacency, question.identity) != nullptr;
    }
    const auto is_proven = [&](const registrar::Binding& each) {
        const auto users = shared_.location.registered_on(each.hop.flow, now().monotonic);
        return each.adjacency == question.from &&
               std::ranges::find(users, question.identity) != users.end();
    };
    return std::ranges::any_of(shared_.location.find(question.identity, now().monotonic),
                               is_proven);
}

Explanation Sbc::explain(const ExplainQuestion& question) {
    const Adjacency& adjacency = snapshot_->adjacencies[question.from];
    const bool is_known = !question.identity.empty() && may_be_registered(question);
    Explanation out;
    out.uri = question.uri;
    out.from = !question.caller.empty()
                   ? question.caller
                   : "sip:" + (question.identity.empty() ? "anonymous@" + std::string(nobody)
                                                         : question.identity);
    const sip::Transport transport = transport_on(
        adjacency, question.from, shared_.location.find(question.identity, now().monotonic));
    assume(adjacency, question, is_known, transport, out);
    if (has_weights(*snapshot_)) {
        out.assumptions.emplace_back(
            "Entries with weights are drawn for each call anew; this is one drawing.");
    }
    const auto at = question.identity.rfind('@');
    const std::string host =
        at == std::string::npos ? std::string(nobody) : question.identity.substr(at + 1);
    const auto parsed =
        sip::Message::parse(invite_of(question, transport, host, out.from), sip::Framing::Stream);
    if (parsed.fault) {
        out.is_readable = false;
        out.status = parsed.fault->status();
        out.reason = parsed.fault->reason();
        return out;
    }
    const tls::PeerIdentity identity = certificate_on(adjacency, question, host);
    const std::vector<std::string> registered =
        is_known ? std::vector{question.identity} : std::vector<std::string>{};
    policy::Inbound inbound =
        inbound_of(*parsed.message, {{}, source_on(adjacency), transport}, registered);
    inbound.local = {adjacency.signaling_address, adjacency.signaling_port};
    inbound.identity = adjacency.is_encrypted() ? &identity : nullptr;
    inbound.of_connection = question.from;
    Gate gate(*this, Gate::Purpose::Question);
    inbound.gate = &gate;
    const policy::Outcome outcome = policy::run_pipeline(inbound);
    out.is_secure = inbound.call.is_secure();
    out.decisions = inbound.decisions;
    if (!std::holds_alternative<policy::Continue>(outcome.verdict)) {
        conclude(outcome.verdict, out);
        return out;
    }
    const bool is_phone = adjacency.profile == Profile::Access;
    b2bua::Rehearsed rehearsed =
        b2bua::rehearse(*this, {
                                   .ref = {},
                                   .name = "",
                                   .invite = {},
                                   .request = parsed.message,
                                   .from = inbound.hop,
                                   .snapshot = snapshot_,
                                   .caller = {question.from, "", is_phone ? inbound.caller : ""},
                                   .security = inbound.call,
                                   .routes = std::move(inbound.routes),
                                   .decisions = inbound.decisions,
                                   .removed_headers = {},
                                   .bucket = {},
                               });
    out.decisions = rehearsed.decisions;
    out.attempts = std::move(rehearsed.attempts);
    out.end = out.attempts.empty() ? Explanation::End::Refused : Explanation::End::Called;
    if (rehearsed.answer != nullptr) {
        out.status = rehearsed.answer->status();
        out.reason = rehearsed.answer->reason();
        out.detail = rule_of_last_target(out.decisions);
    }
    return out;
}

}  // namespace ringwall::sbc
