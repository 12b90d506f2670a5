// REGISTER of phones: answered here, or by the registrar behind us that knows their passwords
// (`registration target`).
#include <algorithm>

#include "base/log.h"
#include "sbc/b2bua/refusal.h"
#include "sbc/b2bua/relayed_register.h"
#include "sbc/b2bua/topology_hiding.h"
#include "sbc/policy/carried.h"
#include "sbc/policy/refusal_rule.h"
#include "sbc/sbc.h"
#include "sip/auth/digest.h"
#include "sip/message_builder.h"

namespace ringwall::sbc {

using sip::HeaderName;
using sip::transaction::ServerId;

namespace {

// Nobody has proven anything yet who has one under way.
constexpr std::size_t max_relayed = 10'000;

// Not where it challenges for the first time, or only the nonce was too old (RFC 7616 §3.3).
bool refuses_credentials(const sip::Message& request, const sip::Message& response) {
    const bool is_proxy = response.status() == 407;
    const HeaderName shown = is_proxy ? HeaderName::ProxyAuthorization : HeaderName::Authorization;
    const HeaderName asked = is_proxy ? HeaderName::ProxyAuthenticate : HeaderName::WwwAuthenticate;
    const auto is_of_age = [asked](const sip::HeaderLine& line) {
        const auto challenge =
            line.id == asked ? sip::auth::parse_challenge(line.value) : fail(sip::ParseError{});
        return challenge && challenge->stale;
    };
    return request.header(shown) != nullptr && std::ranges::none_of(response.headers(), is_of_age);
}

registrar::Registrant registrant_of(const b2bua::RelayedRegister::Setup& setup,
                                    std::string_view user) {
    return {user, setup.phones(), setup.adjacency, setup.from};
}

}  // namespace

void Sbc::do_register(const policy::Inbound& inbound, ServerId id, const sip::MessagePtr& request) {
    const registrar::Registrant registrant{inbound.caller, inbound.from_adjacency(),
                                           *inbound.adjacency, inbound.hop};
    const TimePoint time = now().monotonic;
    if (!registrant.adjacency.registration_target) {
        const auto outcome = registrar_.on_register(*request, inbound.caller, registrant.adjacency,
                                                    registrant.index, registrant.from, time);
        answer_register(registrant, id, *request, outcome, nullptr);
        keep_refused(inbound, outcome);
    } else if (const auto outcome = registrar_.answer_here(*request, registrant, time)) {
        counters_.add("relayed_registrations", outcome->status == 200 ? "kept-alive" : "refused");
        answer_register(registrant, id, *request, *outcome, nullptr);
        keep_refused(inbound, *outcome);
    } else {
        relay_register(inbound, id, request);
    }
}

// The registrar's own refusal, with the rule where `permit` said so.
void Sbc::keep_refused(const policy::Inbound& inbound, const registrar::RegisterOutcome& outcome) {
    if (outcome.status < 300) {
        return;
    }
    CallRecord record = record_of(inbound, "");
    record.result = "refused";
    record.status = outcome.status;
    record.reason =
        outcome.reason.empty() ? std::string(sip::reason_phrase(outcome.status)) : outcome.reason;
    if (outcome.rule) {
        record.decisions.add(*inbound.adjacency, policy::Event::Registration, outcome.scheme,
                             *outcome.rule);
    }
    refusals_.keep(record);
}

CallRecord Sbc::record_of(const b2bua::RelayedRegister::Setup& setup) {
    CallRecord record = sbc::record_of(*setup.request, &setup.phones(), now().wall);
    const Adjacency& to = setup.snapshot->adjacencies[setup.registrar];
    record.call = setup.name;
    record.to_adjacency = to.name;
    record.to_security = to.security;
    record.is_secure = setup.security.is_secure();
    record.decisions = setup.decisions;
    return record;
}

// By the registrar behind us, or because it cannot be asked.
void Sbc::keep_refused(const b2bua::RelayedRegister::Setup& setup, int status,
                       std::string_view reason) {
    CallRecord record = record_of(setup);
    record.result = "refused";
    record.status = status;
    record.reason = reason.empty() ? sip::reason_phrase(status) : reason;
    refusals_.keep(record);
}

void Sbc::relay_register(const policy::Inbound& inbound, ServerId id,
                         const sip::MessagePtr& request) {
    const auto* const to = std::get_if<policy::ToAdjacency>(&inbound.routes.front());
    const bool is_full = to == nullptr || relayed_ >= max_relayed;
    if (is_full || !shared_.applicants.admit(*inbound.adjacency, inbound.source.address)) {
        counters_.add("relayed_registrations", is_full ? "too-many" : "too-many-of-source");
        auto builder =
            b2bua::refusal(&inbound.from_adjacency(), *request, new_tag(), {.status = 503});
        // Not all at once again.
        builder.header(HeaderName::RetryAfter, std::to_string(5 + random_.number() % 11));
        respond(id, builder.build());
        registrar::RegisterOutcome full;
        full.status = 503;
        full.reason = is_full ? "too many are on their way to the registrar"
                              : "too many of its source are on their way to the registrar";
        keep_refused(inbound, full);
        return;
    }
    shared_.register_order.begin(*request, inbound.caller);
    counters_.add("relayed_registrations", "relayed");
    const b2bua::CallRef ref{++last_call_};
    auto relayed = std::make_unique<b2bua::RelayedRegister>(
        *this, *this, relayed_,
        b2bua::RelayedRegister::Setup{.ref = ref,
                                      .name = new_call_name(),
                                      .server = id,
                                      .request = request,
                                      .from = inbound.hop,
                                      .snapshot = snapshot_,
                                      .adjacency = *inbound.adjacency,
                                      .registrar = to->adjacency,
                                      .permit = to->permit,
                                      .security = inbound.call,
                                      .decisions = inbound.decisions,
                                      .bucket = new_bucket()});
    b2bua::RelayedRegister& begun = *relayed;
    recent_.add(id, *request);
    calls_[ref].snapshot = snapshot_;
    calls_[ref].call = std::move(relayed);
    begun.begin();
}

// It is not under way any more.
void Sbc::end_relay(const b2bua::RelayedRegister::Setup& setup, std::string_view user) {
    shared_.applicants.release(setup.adjacency, setup.from.remote.address);
    shared_.register_order.end(*setup.request, user);
}

bool Sbc::is_for_registrar(const b2bua::RelayedRegister::Setup& setup,
                           const sip::HeaderLine& credentials) {
    const auto protection = sip::auth::parse_protection(credentials.value);
    return protection &&
           policy::is_for_registrar(protection->realm, setup.request->to().uri.host,
                                    shared_.realms.contains(setup.registrar, protection->realm));
}

void Sbc::on_registrar_answered(const b2bua::RelayedRegister::Setup& setup,
                                const sip::Message& response) {
    const std::string user = sip::address_of_record(setup.request->to().uri);
    take_registrars_answer(setup, user, response);
    end_relay(setup, user);
}

void Sbc::take_registrars_answer(const b2bua::RelayedRegister::Setup& setup,
                                 const std::string& user, const sip::Message& response) {
    const sip::Message& request = *setup.request;
    const registrar::Registrant registrant = registrant_of(setup, user);
    const Adjacency& phones = snapshot_->adjacencies[setup.adjacency];
    const bool is_still_so = is_still_trusted(*setup.snapshot, setup.adjacency) &&
                             phones.registration_target == setup.registrar && phones.is_attached;
    const int status = response.status();
    if (!is_still_so) {
        refuse(setup.server, setup.phones(), request, 503);
        keep_refused(setup, 503, "the adjacency or its registrar is not what it was");
    } else if (status == 401 || status == 407) {
        counters_.add("relayed_registrations", "challenged");
        shared_.realms.add(setup.registrar, response);
        auto builder = sip::reply(request, status, new_tag());
        b2bua::copy_challenges(builder, response);
        respond(setup.server, builder.build());
        if (refuses_credentials(request, response)) {
            keep_refused(setup, status, "wrong credentials, says the registrar");
        }
    } else if (status < 300 && !is_up(setup.from)) {
        // What is bound to a connection that is gone would be so for ever.
        counters_.add("relayed_registrations", "connection-gone");
        shard_.forget(setup.server);
    } else if (status < 300) {
        if (phones.is_encrypted()) {
            shared_.newcomers.make_known(setup.adjacency, setup.from.remote);
        }
        const auto outcome =
            registrar_.on_accepted_behind(request, registrant, response, now().monotonic);
        if (outcome.status == 502) {
            counters_.add("relayed_registrations", "unreadable");
        }
        answer_register(registrant, setup.server, request, outcome, &response);
        if (outcome.status >= 300) {
            keep_refused(setup, outcome.status, outcome.reason);
        }
    } else {
        refuse_register(registrant, setup, response);
    }
}

void Sbc::refuse_register(const registrar::Registrant& registrant,
                          const b2bua::RelayedRegister::Setup& setup,
                          const sip::Message& response) {
    const sip::Message& request = *setup.request;
    const int status = response.status();
    if (status == 403 || status == 404) {
        for (const registrar::Binding& binding :
             registrar_.on_refused_behind(request, registrant, now().monotonic)) {
            log::info("registration.lost",
                      {{"user", binding.address_of_record}, {"reason", "refused"}});
        }
    }
    note_register(registrant, status, false);
    // A redirection would name the other side's hosts; a 503 says nothing about us (RFC 3261
    // §16.7).
    const int passed = status < 400 ? 480 : status == 503 ? 500 : status;
    auto builder = passed == status
                       ? sip::reply(request, passed, new_tag(), response.reason())
                       : b2bua::refusal(&setup.phones(), request, new_tag(), {.status = passed});
    b2bua::copy_end_to_end(builder, response, setup.snapshot->adjacencies[setup.registrar],
                           registrant.adjacency, {.is_media_hidden = true});
    respond(setup.server, builder.build());
    keep_refused(setup, passed,
                 passed == status ? std::string(response.reason())
                                  : "the registrar said " + std::to_string(status));
}

void Sbc::on_registrar_failed(const b2bua::RelayedRegister::Setup& setup, int status) {
    const std::string user = sip::address_of_record(setup.request->to().uri);
    note_register(registrant_of(setup, user), status, false);
    refuse(setup.server, setup.phones(), *setup.request, status);
    keep_refused(setup, status);
    end_relay(setup, user);
}

void Sbc::note_register(const registrar::Registrant& registrant, int status, bool is_bound) {
    counters_.add("registrations", std::to_string(status));
    const bool is_accepted = status == 200;
    if (is_accepted || may_log_refusal()) {
        log::info(is_accepted ? "registration.accepted" : "registration.rejected",
                  {{"user", registrant.user},
                   {"adjacency", registrant.adjacency.name},
                   {"peer", registrant.from.remote.to_string()},
                   {"status", status},
                   {"bound", is_bound ? "yes" : "no"}});
    }
}

// `behind`: what the registrar behind us said; null: it was not asked.
void Sbc::answer_register(const registrar::Registrant& registrant, ServerId id,
                          const sip::Message& request, const registrar::RegisterOutcome& outcome,
                          const sip::Message* behind) {
    note_register(registrant, outcome.status, outcome.is_registered);
    auto builder = registrar_.response(request, outcome, new_tag(), now().wall);
    if (outcome.status >= 300) {
        b2bua::tell_rule(builder, registrant.adjacency,
                         outcome.rule ? policy::rule_of(*outcome.rule)
                                      : policy::rule_of_answer(outcome.status, outcome.reason));
    }
    if (behind != nullptr) {  // RFC 7615: by which the phone knows it, and its next nonce
        builder.copy(HeaderName::AuthenticationInfo, *behind);
    }
    if (outcome.status == 200) {
        respond_when_kept(id, builder.build());
    } else {
        respond(id, builder.build());
    }
    watch_expiry();
}

}  // namespace ringwall::sbc
