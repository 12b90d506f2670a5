#include "simulation/watch.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "sbc/policy/pipeline.h"
#include "sbc/policy/refusal_rule.h"
#include "simulation/party.h"
#include "sip/message.h"

namespace ringwall::simulation {

using sip::HeaderName;
using sip::Method;
using Packet = test::SimNetwork::Packet;

namespace {

std::string first_lines(std::string_view text) {
    return std::string(text.substr(0, 1500));
}

int number_of(std::string_view subject, std::string_view before = "plan ") {
    return subject.starts_with(before)
               ? std::atoi(std::string(subject.substr(before.size(), 8)).c_str())
               : -1;
}

std::string key_of(const sip::Message& message) {
    return std::string(message.call_id()) + "/" + std::to_string(message.cseq().number) + "/" +
           std::string(message.cseq().method_text);
}

// A Warning 399 that names a rule of ours (`refusal-reason`): one of permit, a stage, what became
// of a target, or what the status means.
bool names_a_rule(int status, std::string_view warning) {
    constexpr std::array of_targets{"no-peer",           "unreachable",           "silent",
                                    "challenge-unknown", "challenge-not-vouched", "not-registered",
                                    "media-engine-down", "proof-not-accepted",    "detached"};
    const std::size_t begin = warning.find('"') + 1;
    const std::string_view name = warning.substr(begin, warning.find(": ", begin) - begin);
    const auto stages = sbc::policy::stages();
    bool is_one = std::ranges::find(stages, name, &sbc::policy::Stage::name) != stages.end() ||
                  std::ranges::find(of_targets, name) != of_targets.end() ||
                  name == sbc::policy::rule_of_answer(status).name;
    for (int i = 0; i < sbc::policy::refusal_count; ++i) {
        is_one = is_one || name == to_string(static_cast<sbc::policy::Refusal>(i));
    }
    return is_one && warning.starts_with("399 ");
}

// But for that, which is for people.
int warning_of(const sip::Message& response) {
    for (const auto& line : response.headers()) {
        if (line.id == HeaderName::Warning && !names_a_rule(response.status(), line.value)) {
            return std::atoi(std::string(line.value.substr(0, 3)).c_str());
        }
    }
    return 0;
}

std::optional<Scheme> contact_scheme(const sip::Message& message) {
    const auto contacts = message.name_addrs(HeaderName::Contact);
    return contacts && !contacts->empty() ? std::optional(contacts->front().uri.scheme)
                                          : std::nullopt;
}

bool begins_something(const sip::Message& message) {
    return message.is_request() && message.to_tag().empty() &&
           (message.method() == Method::Invite || message.method() == Method::Message ||
            message.method() == Method::Subscribe || message.method() == Method::Register);
}

// But for one whose only stream is refused.
bool describes_media(const sip::Message& message) {
    const std::string_view body = message.body();
    return body.find("m=audio ") != std::string_view::npos &&
           body.find("m=audio 0 ") == std::string_view::npos;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The place after `at` in "10.N.", "fd00:N:" or "~N~"; 0: none.
int place_at(std::string_view text, std::size_t at, char end) {
    int number = 0;
    while (at < text.size() && is_digit(text[at])) {
        number = 10 * number + (text[at++] - '0');
    }
    return at < text.size() && text[at] == end ? number : 0;
}

// What waits for a connection goes over it at once. Everybody here writes "Content-Length: N".
std::size_t length_of_first_message(std::string_view text) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    const auto end = text.find("\r\n\r\n");
    const auto at = text.find(name);
    if (end == std::string_view::npos || at >= end) {
        return text.size();
    }
    const auto body =
        static_cast<std::size_t>(std::atoi(std::string(text.substr(at + name.size(), 8)).c_str()));
    return std::min(text.size(), end + 4 + body);
}

}  // namespace

Watch::Watch(const Topology& topology, const std::vector<Plan>& plans,
             const std::vector<Enrolled>& enrolled, bool is_strict)
    : topology_(topology),
      plans_(plans),
      enrolled_(enrolled),
      is_strict_(is_strict),
      expectations_(plans.size()),
      stories_(plans.size()) {}

bool Watch::Leg::bye_seen() const {
    return !ended.empty() && std::ranges::includes(ended, up);
}

void Watch::complain(const std::string& check, const Plan* plan, const std::string& text) {
    if (!violation_) {
        violation_ = Violation{
            check, (plan == nullptr ? "" : "plan " + std::to_string(plan->number) + ": ") + text};
    }
}

const Expectation& Watch::expectation_of(int plan) {
    auto& expectation = expectations_[static_cast<std::size_t>(plan)];
    if (!expectation) {
        expectation = expect(plans_[static_cast<std::size_t>(plan)], topology_, enrolled_);
    }
    return *expectation;
}

void Watch::look(const std::vector<Packet>& packets) {
    for (; seen_ < packets.size(); ++seen_) {
        const Packet& packet = packets[seen_];
        std::string_view rest = packet.bytes;
        while (!rest.empty()) {
            const std::size_t length =
                packet.is_datagram ? rest.size() : length_of_first_message(rest);
            look(packet, std::string(rest.substr(0, length)));
            rest.remove_prefix(length);
        }
    }
}

void Watch::look(const Packet& packet, std::string bytes) {
    if (packet.from.port == engine_port || packet.to.port == engine_port) {
        return;
    }
    const auto parsed = sip::Message::parse(
        std::move(bytes), packet.is_datagram ? sip::Framing::Datagram : sip::Framing::Stream);
    if (parsed.message == nullptr) {
        return;  // keep-alive
    }
    const sip::Message& message = *parsed.message;
    for (const Place& place : topology_.places) {
        if (packet.from.address == place.border().address) {
            // An answer echoes what was wrong with the request.
            if (parsed.fault && message.is_request()) {
                complain("well-formed", nullptr, first_lines(message.bytes()));
            } else if (!parsed.fault) {
                outgoing(place, message, packet.to.address);
            }
        } else if (packet.to.address == place.border().address) {
            parsed.fault ? odd(place, message) : incoming(place, message);
        }
    }
}

// ---- what the border controller sends -----------------------------------------------------------

void Watch::outgoing(const Place& place, const sip::Message& message, const IpAddress& to) {
    check_secrets(place, message);
    check_media(place, message);
    check_credentials(place, message);
    check_challenges(place, message);
    check_claims(place, message);
    check_identity(place, message);
    check_topology(place, message);
    if (begins_something(message) && message.method() == Method::Register) {
        registered_behind(place, message);
        return;
    }
    if (begins_something(message)) {
        if (barred_.contains(to)) {
            complain("call-to-refused-phone", nullptr, first_lines(message.bytes()));
        }
        called(place, message);
        return;
    }
    if (message.is_request()) {
        sent_for_newcomer(place, message);
    }
    if (const auto newcomer = newcomers_.find(message.call_id()); newcomer != newcomers_.end()) {
        sent_to_newcomer(place, message, newcomer->second);
        return;
    }
    const auto found = legs_.find(message.call_id());
    if (found == legs_.end()) {
        if (message.is_request()) {
            complain("request-of-no-call", nullptr, first_lines(message.bytes()));
        }
        return;
    }
    sent_in_call(place, message, found->second);
}

// Keys are only on trusted legs that may have SRTP.
void Watch::check_secrets(const Place& place, const sip::Message& message) {
    const bool may_have_keys = place.is_trusted() && place.media_security != MediaSecurity::Off;
    if (!may_have_keys && message.body().find("inline:") != std::string_view::npos) {
        complain("keys-on-wrong-leg", nullptr, first_lines(message.bytes()));
    }
}

// `media-security` of the leg that it goes to holds, whoever wrote the description.
void Watch::check_media(const Place& place, const sip::Message& message) {
    if (!describes_media(message)) {
        return;
    }
    const Media media = media_of(message.body());
    const bool is_dtls =
        media == Media::Dtls && message.body().find("a=fingerprint:") != std::string_view::npos;
    const bool has_keys = message.body().find("inline:") != std::string_view::npos;
    switch (place.media_security) {
        case MediaSecurity::Off:
            if (media != Media::Plain) {
                complain("srtp-on-plain-leg", nullptr, first_lines(message.bytes()));
            }
            return;
        case MediaSecurity::Required:
            if (!is_dtls && !(place.is_trusted() && has_keys)) {
                complain("plain-on-secure-leg", nullptr, first_lines(message.bytes()));
            }
            return;
        case MediaSecurity::Preferred:
            return;
    }
}

// Media goes through the engine where either side says so, and then neither sees the other. Of a
// leg whose other side may have changed, what it says itself. `is_caller`: none: nobody knows.
void Watch::check_media_way(const Place& place, const sip::Message& message, int plan,
                            std::optional<bool> is_caller) {
    if (!topology_.has_engine() || !describes_media(message)) {
        return;
    }
    const Plan& what = plans_[static_cast<std::size_t>(plan)];
    const Story& story = story_of(plan);
    const bool is_simple =
        is_caller.has_value() && story.referred.empty() && what.newcomer_place == 0;
    std::vector<const Place*> others;
    if (is_simple && !*is_caller) {
        others.push_back(&topology_.place(what.place));
    } else if (is_simple) {
        for (const std::string& call_id : story.legs) {
            const Leg& leg = legs_.find(call_id)->second;
            if (!leg.is_caller) {
                others.push_back(&topology_.place(leg.place));
            }
        }
    }
    std::set<MediaWay> ways;
    for (const Place* other : others) {
        ways.insert(media_way(topology_, place, *other));
    }
    if (others.empty() && place.anchors_media) {
        ways.insert(media_way(topology_, place, place));
    }
    const std::string_view body = message.body();
    const bool is_engines =
        body.find("c=IN IP4 " + std::string(engine_address)) != std::string_view::npos;
    const bool shows_party = body.find(party_media_address) != std::string_view::npos;
    // In a storm it may seem to be down, and then it depends.
    const auto needs = [](const Place& each) { return each.anchors_media && each.needs_engine; };
    const bool is_sure =
        is_strict_ || needs(place) ||
        std::ranges::any_of(others, [&](const Place* each) { return needs(*each); });
    if (ways == std::set{MediaWay::None}) {
        complain("media-without-engine", &what, first_lines(message.bytes()));
    } else if (ways == std::set{MediaWay::Bypass} && is_engines) {
        complain("media-by-the-engine", &what, first_lines(message.bytes()));
    } else if (ways == std::set{MediaWay::Anchored} && is_sure && !is_engines) {
        complain("media-past-the-engine", &what, first_lines(message.bytes()));
    }
    if (is_engines && shows_party) {
        complain("media-address-across", &what, first_lines(message.bytes()));
    }
}

const Place* Watch::phones_of(std::string_view domain) const {
    const auto found = std::ranges::find(topology_.places, std::string(domain), &Place::domain);
    return found == topology_.places.end() || !found->is_access ? nullptr : &*found;
}

// What proves a phone to its registrar goes there and nowhere else, and what proves somebody else
// only from a registrar to a phone of its own that may ask for it.
void Watch::check_credentials(const Place& place, const sip::Message& message) {
    for (const auto& line : message.headers()) {
        if (line.id != HeaderName::Authorization && line.id != HeaderName::ProxyAuthorization) {
            continue;
        }
        const bool is_phones =
            line.value.find(realm_of_registrar(place.number)) != std::string_view::npos;
        const Place* const phones = phones_of(message.to().uri.host);
        const bool is_to_its_registrar = message.method() == Method::Register &&
                                         phones != nullptr && phones->registrar == place.number;
        const bool is_of_registrar =
            place.passes_challenges &&
            line.value.find("\"" + prover_of(place.registrar) + "\"") != std::string_view::npos;
        if (!(is_phones && is_to_its_registrar) && !is_of_registrar) {
            complain("credentials-to-others", nullptr, first_lines(message.bytes()));
        }
    }
}

// A challenge of somebody else is seen by a phone that registers, and by a registrar that asked for
// it.
void Watch::check_challenges(const Place& place, const sip::Message& message) {
    for (const auto& line : message.headers()) {
        if (line.id != HeaderName::WwwAuthenticate && line.id != HeaderName::ProxyAuthenticate) {
            continue;
        }
        const auto is_of = [&](const std::string& realm) {
            return line.value.find("realm=\"" + realm + "\"") != std::string_view::npos;
        };
        const bool is_own = place.is_access && is_of(place.domain());
        const bool is_of_registrar = place.registrar != 0 &&
                                     is_of(realm_of_registrar(place.registrar)) &&
                                     message.cseq().method == Method::Register;
        const bool may_hear_phones = std::ranges::any_of(topology_.places, [&](const Place& each) {
            return each.registrar == place.number && each.passes_challenges;
        });
        if (!is_own && !is_of_registrar && !(may_hear_phones && is_of("behind"))) {
            complain("challenge-to-others", nullptr, first_lines(message.bytes()));
        }
    }
}

// A REGISTER goes to the registrar of its domain, as secure as its address-of-record is, if it may
// go there at all.
void Watch::registered_behind(const Place& place, const sip::Message& message) {
    const Place* const phones = phones_of(message.to().uri.host);
    const sip::HeaderLine* subject = message.header(HeaderName::Subject);
    if (phones == nullptr || phones->registrar != place.number || subject == nullptr) {
        complain("registered-with-a-stranger", nullptr, first_lines(message.bytes()));
        return;
    }
    if (!phones->is_trusted() && place.is_encrypted()) {
        complain("untrusted-caller-on-encrypted-leg", nullptr, first_lines(message.bytes()));
    }
    const bool carries_sip = place.security == Security::TrustedUnencrypted &&
                             place.sips_conversion == SipsConversion::ToSip;
    const bool is_sips = message.to().uri.scheme == Scheme::Sips;
    if (is_sips && (!place.is_trusted() || carries_sip)) {
        complain("secure-registration-on-insecure-leg", nullptr, first_lines(message.bytes()));
    }
    if ((message.request_uri().scheme == Scheme::Sips) != is_sips ||
        contact_scheme(message).value_or(Scheme::Other) != (is_sips ? Scheme::Sips : Scheme::Sip)) {
        complain("scheme", nullptr, first_lines(message.bytes()));
    }
    const int plan = number_of(subject->value);
    const auto phone = phone_of_subject(subject->value);
    const bool is_expected =
        plan >= 0
            ? expectation_of(plan).registrar == place.number
            : phone && phone->first == phones->number &&
                  expect_enrollment(topology_, *phones, 1, message.to().uri.scheme).registrar ==
                      place.number;
    if (!is_expected) {
        complain("refused-caller-went-on", nullptr, first_lines(message.bytes()));
    }
}

// Who is charged is said between two trusted sides only, and is not a phone's to say.
void Watch::check_claims(const Place& place, const sip::Message& message) {
    const sip::HeaderLine* claim = message.header("P-Charge-Info");
    if (claim == nullptr) {
        return;
    }
    const std::string_view number = claim->value.substr(claim->value.rfind('=') + 1);
    const auto from =
        std::ranges::find(topology_.places, std::atoi(std::string(number).c_str()), &Place::number);
    if (from == topology_.places.end() || !from->is_trusted() || from->is_access ||
        !place.is_trusted()) {
        complain("claim-across-trust", nullptr, first_lines(message.bytes()));
    }
}

// RFC 3325: who calls is asserted by those who are trusted and no phones, or by the border
// controller to them; told to others unless it is not to be.
void Watch::check_identity(const Place& place, const sip::Message& message) {
    const sip::HeaderLine* asserted = message.header(HeaderName::PAssertedIdentity);
    if (asserted == nullptr) {
        return;
    }
    const auto is_inside = [](const Place& each) { return each.is_trusted() && !each.is_access; };
    constexpr std::string_view before = "<sip:asserted-";
    bool is_right = is_inside(place);
    if (const int number = number_of(asserted->value, before); number >= 0) {
        const auto from = std::ranges::find(topology_.places, number, &Place::number);
        const sip::HeaderLine* privacy = message.header(HeaderName::Privacy);
        is_right = from != topology_.places.end() && is_inside(*from) &&
                   (is_right || privacy == nullptr || privacy->value != "id");
    }
    if (!is_right) {
        complain("identity-across-trust", nullptr, first_lines(message.bytes()));
    }
}

// Nothing that was made on one side is to be seen on another, the border controller's own addresses
// there included.
void Watch::check_topology(const Place& place, const sip::Message& message) {
    const std::string_view text = message.bytes();
    for (std::size_t at = 0; at < text.size(); ++at) {
        int side = 0;
        if (text[at] == '~') {
            side = place_at(text, at + 1, '~');
        } else if (text[at] == '1' && text.substr(at, 3) == "10." &&
                   (at == 0 || (!is_digit(text[at - 1]) && text[at - 1] != '.'))) {
            side = place_at(text, at + 3, '.');
        } else if (text[at] == 'f' && text.substr(at, 5) == "fd00:") {
            side = place_at(text, at + 5, ':');
        }
        if (side != 0 && side != place.number) {
            complain("topology", nullptr,
                     "side " + std::to_string(side) + " is seen on side " +
                         std::to_string(place.number) + ":\n" + first_lines(text));
            return;
        }
    }
}

// A target of a call.
void Watch::called(const Place& place, const sip::Message& invite) {
    const sip::HeaderLine* subject = invite.header(HeaderName::Subject);
    const int number = subject == nullptr ? plan_of_referred(invite) : number_of(subject->value);
    if (number < 0 || static_cast<std::size_t>(number) >= plans_.size()) {
        complain("request-of-no-call", nullptr, first_lines(invite.bytes()));
        return;
    }
    const Plan& plan = plans_[static_cast<std::size_t>(number)];
    const Place& caller = topology_.place(plan.place);
    const Scheme uri = invite.request_uri().scheme;
    Leg leg;
    leg.plan = number;
    leg.place = place.number;
    leg.scheme = uri == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    leg.invite_cseq = invite.cseq().number;
    if (legs_.emplace(std::string(invite.call_id()), leg).second) {
        story_of(number).legs.emplace_back(invite.call_id());
    }
    if (is_secure(caller, plan.scheme) && !place.is_trusted()) {
        complain("secure-call-on-untrusted-leg", &plan, first_lines(invite.bytes()));
    }
    if (!caller.is_trusted() && place.is_encrypted()) {
        complain("untrusted-caller-on-encrypted-leg", &plan, first_lines(invite.bytes()));
    }
    const bool carries_sip = place.security == Security::TrustedUnencrypted &&
                             place.sips_conversion == SipsConversion::ToSip;
    if ((plan.scheme == Scheme::Sips && !carries_sip) != (uri == Scheme::Sips)) {
        complain("scheme", &plan, first_lines(invite.bytes()));
    }
    const Expectation& expectation = expectation_of(number);
    if (subject == nullptr) {
        called_for_refer(place, invite, plan);
    } else if (expectation.legs.empty()) {
        complain("refused-caller-went-on", &plan, first_lines(invite.bytes()));
    } else if (!expectation.legs.contains(place.number)) {
        complain("target-not-permitted", &plan, first_lines(invite.bytes()));
    } else {
        check_offer(place, invite, plan);
    }
    check_contact(invite, legs_.find(invite.call_id())->second);
    check_media_way(place, invite, number, false);
}

// The target of a REFER that the border controller obeys: it must be open to the call, and to one
// of who remains.
void Watch::called_for_refer(const Place& place, const sip::Message& invite, const Plan& plan) {
    const Scheme scheme = plan.scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    const auto may_call = [&](const Place& caller) {
        const auto may = [&](Scheme target) {
            return judge(caller, scheme, place, target, Event::Fork).is_allowed;
        };
        return may(scheme) || (place.is_access && (may(Scheme::Sip) || may(Scheme::Sips)));
    };
    const auto& referred = story_of(plan.number).referred;
    const auto refer = referred.find(step_of_referred(invite));
    if (refer == referred.end()) {
        complain("called-without-refer", &plan, first_lines(invite.bytes()));
        return;
    }
    const bool is_remaining_allowed = std::ranges::any_of(
        refer->second, [&](int remaining) { return may_call(topology_.place(remaining)); });
    if (!may_call(topology_.place(plan.place)) || !is_remaining_allowed) {
        complain("target-not-permitted", &plan, first_lines(invite.bytes()));
    }
    if (!invite.body().empty()) {
        complain("offered-twice", &plan, first_lines(invite.bytes()));
    }
}

// What the engine is told to offer is what the leg may have, and no less.
void Watch::check_offer(const Place& place, const sip::Message& invite, const Plan& plan) {
    const Place& caller = topology_.place(plan.place);
    if (topology_.engine != EngineMood::Up || plan.media == Media::None ||
        media_way(topology_, caller, place) != MediaWay::Anchored || !is_strict_) {
        return;
    }
    if (media_of(invite.body()) != offered_by_engine(plan.media, caller, place)) {
        complain("offer-of-the-engine", &plan, first_lines(invite.bytes()));
    }
}

void Watch::told_of_refer(const Place& place, const sip::Message& notify, const Plan& plan) {
    const bool is_final = notify.body().starts_with("SIP/2.0 ") &&
                          !notify.body().starts_with("SIP/2.0 1") &&
                          place.refer == sbc::ReferMode::Handle;
    if (is_final && notify.method() == Method::Notify) {
        const bool is_success = notify.body().starts_with("SIP/2.0 2");
        const bool is_of_secure = is_secure(topology_.place(plan.place), plan.scheme);
        tally_.add(!is_success    ? Flow::TransferFailed
                   : is_of_secure ? Flow::SecureTransferred
                                  : Flow::Transferred);
    }
}

void Watch::sent_in_call(const Place& place, const sip::Message& message, Leg& leg) {
    const Plan& plan = plan_of(leg);
    const Place& caller = topology_.place(plan.place);
    if (place.number != leg.place) {
        complain("wrong-side", &plan, first_lines(message.bytes()));
    }
    const bool is_refusal = !message.is_request() && message.status() >= 300;
    const bool is_trying = !message.is_request() && message.status() == 100;
    if (is_secure(caller, plan.scheme) && !place.is_trusted() && !is_refusal && !is_trying) {
        complain("secure-call-on-untrusted-leg", &plan, first_lines(message.bytes()));
    }
    check_media_way(place, message, leg.plan, leg.is_caller);
    if (!plan.is_registration && expectation_of(leg.plan).is_silent) {
        complain("answered-a-stranger", &plan, first_lines(message.bytes()));
    }
    if (message.is_request()) {
        if (message.method() == Method::Bye) {
            leg.ended.emplace(message.to_tag());
        }
        check_refer(message, plan);
        check_contact(message, leg);
        told_of_refer(place, message, plan);
        return;
    }
    const bool is_first = message.cseq().method == Method::Invite || plan.is_registration ||
                          plan.is_message || plan.is_subscription;
    if (leg.is_caller && is_first && message.status() >= 200 &&
        message.cseq().number == leg.invite_cseq) {
        final_to_caller(message, leg);
    }
    if (message.status() < 300) {
        if (!plan.is_registration) {
            check_contact(message, leg);
        }
    } else if (message.status() < 400) {
        const auto contacts = message.name_addrs(HeaderName::Contact);
        for (const auto& each : contacts.value_or(std::vector<sip::NameAddr>{})) {
            const bool is_sips = each.uri.scheme == Scheme::Sips;
            if (is_sips != (leg.scheme == Scheme::Sips) || each.uri.scheme == Scheme::Other) {
                complain("redirect-scheme", &plan, first_lines(message.bytes()));
            }
        }
    }
    const auto asked = asked_.find(key_of(message));
    if (is_strict_ && asked != asked_.end() && message.status() >= 200) {
        // Once a leg may have gone elsewhere, much may be the answer; what was forbidden still is.
        const auto& [status, judgement] = asked->second;
        const bool is_open =
            !story_of(leg.plan).referred.empty() && (status < 300 || message.status() >= 300);
        if (status == message.status()) {
            if (judgement) {
                judgement->count(tally_);
            }
        } else if (!is_open) {
            complain("in-dialog-status", &plan,
                     "expected " + std::to_string(status) + ":\n" + first_lines(message.bytes()));
        }
        asked_.erase(asked);
    }
}

// What no party has said was refused here, and who may know hears why (`refusal-reason`).
void Watch::check_reason(const sip::Message& response, const Leg& leg) {
    const Plan& plan = plans_[static_cast<std::size_t>(leg.plan)];
    const int status = response.status();
    const auto says_so = [status](const Answering& each) {
        return each.kind == Answering::Kind::Reject && each.status == status;
    };
    const bool is_plain = status < 400 || status == 401 || status == 407 || status == 487;
    const Place& place = topology_.place(leg.place);
    const bool may_be_registrars =
        response.cseq().method == Method::Register && place.registrar != 0;
    if (is_strict_ && !is_plain && place.is_trusted() && !may_be_registrars &&
        std::ranges::none_of(plan.answers, says_so) &&
        response.header(HeaderName::Warning) == nullptr) {
        complain("refusal-without-reason", &plan, first_lines(response.bytes()));
    }
}

void Watch::final_to_caller(const sip::Message& response, Leg& leg) {
    Story& story = story_of(leg.plan);
    check_reason(response, leg);
    story.status = response.status();
    story.warning = warning_of(response);
    story.ending = first_lines(response.bytes());
    leg.is_up = leg.is_up || (response.status() < 300 && response.cseq().method == Method::Invite);
}

// The border controller's own Contact: no secure scheme is lost, and none is made up.
void Watch::check_contact(const sip::Message& message, const Leg& leg) {
    const auto scheme = contact_scheme(message);
    if (scheme && *scheme != leg.scheme) {
        complain("contact-scheme", &plan_of(leg), first_lines(message.bytes()));
    }
}

// "A Refer-To goes on with the call's scheme", whatever the leg carries.
void Watch::check_refer(const sip::Message& message, const Plan& plan) {
    const auto targets = message.name_addrs(HeaderName::ReferTo);
    for (const auto& each : targets.value_or(std::vector<sip::NameAddr>{})) {
        if ((each.uri.scheme == Scheme::Sips) != (plan.scheme == Scheme::Sips)) {
            complain("refer-scheme", &plan, first_lines(message.bytes()));
        }
    }
}

// ---- what it is sent ----------------------------------------------------------------------------

void Watch::incoming(const Place& place, const sip::Message& message) {
    const auto found = legs_.find(message.call_id());
    if (!begins_something(message)) {
        if (found != legs_.end()) {
            came_in_call(message, found->second);
        }
        return;
    }
    const sip::HeaderLine* subject = message.header(HeaderName::Subject);
    const int number = subject == nullptr ? -1 : number_of(subject->value);
    if (number < 0) {
        if (message.header(HeaderName::Replaces) != nullptr) {
            came_to_replace(place, message);
        }
        return;
    }
    Leg leg;
    leg.plan = number;
    leg.place = place.number;
    leg.is_caller = true;
    leg.scheme = plan_of(leg).scheme == Scheme::Sips ? Scheme::Sips : Scheme::Sip;
    const auto [at, is_new] = legs_.emplace(std::string(message.call_id()), leg);
    if (is_new) {
        story_of(number).legs.emplace_back(message.call_id());
    }
    at->second.invite_cseq = message.cseq().number;
    story_of(number).is_begun = true;
}

// ---- who takes somebody's place -----------------------------------------------------------------

void Watch::came_to_replace(const Place& place, const sip::Message& invite) {
    Newcomer& newcomer = newcomers_[std::string(invite.call_id())];
    const std::string_view replaces = invite.header(HeaderName::Replaces)->value;
    const auto replaced = legs_.find(replaces.substr(0, replaces.find(';')));
    newcomer.plan = number_of(invite.header(HeaderName::Subject)->value, "newcomer ");
    newcomer.place = place.number;
    newcomer.scheme = invite.request_uri().scheme;
    newcomer.cseq = invite.cseq().number;
    newcomer.expected.reset();
    newcomer.may_succeed = true;
    const Plan& plan = plans_[static_cast<std::size_t>(newcomer.plan)];
    Story& story = story_of(newcomer.plan);
    const auto with = [&](const Leg& remaining, bool replaces_caller) {
        return expect_replacement(plan, topology_, enrolled_,
                                  {.newcomer = place,
                                   .scheme = newcomer.scheme,
                                   .replaced = topology_.place(replaced->second.place),
                                   .remaining = topology_.place(remaining.place),
                                   .remaining_scheme = remaining.scheme,
                                   .replaces_caller = replaces_caller});
    };
    std::vector<const Leg*> others;
    for (const std::string& call_id : story.legs) {
        const Leg& leg = legs_.find(call_id)->second;
        if (leg.is_up && &leg != &replaced->second) {
            others.push_back(&leg);
        }
    }
    if (!story.referred.empty()) {  // who is left, and who calls: but not the prohibitions
        newcomer.may_succeed = std::ranges::any_of(others, [&](const Leg* remaining) {
            return with(*remaining, true) == 200 || with(*remaining, false) == 200;
        });
        return;
    }
    for (const Leg* remaining : others) {
        if (!remaining->bye_seen() && !replaced->second.bye_seen() &&
            remaining->is_caller != replaced->second.is_caller) {
            newcomer.expected = with(*remaining, replaced->second.is_caller);
        }
    }
}

void Watch::sent_to_newcomer(const Place& place, const sip::Message& message, Newcomer& newcomer) {
    const Plan& plan = plans_[static_cast<std::size_t>(newcomer.plan)];
    const auto scheme = contact_scheme(message);
    if (place.number != newcomer.place) {
        complain("wrong-side", &plan, first_lines(message.bytes()));
    }
    check_media_way(place, message, newcomer.plan, std::nullopt);
    if (scheme && message.status() < 300 && *scheme != newcomer.scheme) {
        complain("contact-scheme", &plan, first_lines(message.bytes()));
    }
    const bool is_final = !message.is_request() && message.status() >= 200 &&
                          message.status() != 401 && message.cseq().method == Method::Invite &&
                          message.cseq().number == newcomer.cseq;
    const bool is_success = message.status() < 300;
    if (is_final && is_success && !newcomer.may_succeed) {
        complain("wrong-success", &plan, first_lines(message.bytes()));
    }
    if (!is_final || !newcomer.expected) {
        return;
    }
    if (is_success && *newcomer.expected != 200) {
        complain("wrong-success", &plan, first_lines(message.bytes()));
    } else if (is_strict_ && message.status() != *newcomer.expected) {
        complain("replacement-status", &plan,
                 "expected " + std::to_string(*newcomer.expected) + ":\n" +
                     first_lines(message.bytes()));
    } else {
        tally_.add(is_success ? Flow::Replaced : Flow::ReplacementRefused);
    }
    newcomer.expected.reset();
}

// Of one who is refused nothing goes anywhere.
void Watch::sent_for_newcomer(const Place& place, const sip::Message& request) {
    const sip::HeaderLine* subject = request.header(HeaderName::Subject);
    const int number = subject == nullptr ? -1 : number_of(subject->value, "newcomer ");
    if (number < 0) {
        return;
    }
    const bool is_allowed = std::ranges::any_of(newcomers_, [&](const auto& each) {
        return each.second.plan == number && each.second.may_succeed &&
               each.second.expected.value_or(200) == 200;
    });
    if (!is_allowed) {
        complain("refused-newcomer-went-on", &plans_[static_cast<std::size_t>(number)],
                 "at " + place.name() + ":\n" + first_lines(request.bytes()));
    }
}

// Of a message with a fault only the lines may be read.
void Watch::odd(const Place& place, const sip::Message& message) {
    const sip::HeaderLine* subject = message.header(HeaderName::Subject);
    const sip::HeaderLine* call_id = message.header(HeaderName::CallId);
    const sip::HeaderLine* cseq = message.header(HeaderName::CSeq);
    if (subject == nullptr || call_id == nullptr || cseq == nullptr) {
        return;
    }
    Leg leg;
    leg.plan = number_of(subject->value);
    leg.place = place.number;
    leg.is_caller = true;
    leg.invite_cseq = static_cast<std::uint32_t>(std::atoi(std::string(cseq->value).c_str()));
    legs_.emplace(std::string(call_id->value), leg);
    story_of(leg.plan).is_begun = true;
}

void Watch::came_in_call(const sip::Message& message, Leg& leg) {
    const bool is_refresh =
        message.cseq().method == Method::Invite || message.cseq().method == Method::Update;
    if (!message.is_request()) {
        const int status = message.status();
        if (status >= 200 && status < 300 && is_refresh) {
            leg.is_up = leg.is_up || message.cseq().method == Method::Invite;
            if (!leg.is_caller) {
                leg.up.emplace(message.to_tag());
            }
            refreshed(message, leg, Event::RefreshByResponse);
        } else if (status >= 300 && status < 400 && !leg.is_caller) {
            redirected(message, leg);
        }
        return;
    }
    if (message.method() == Method::Bye) {
        leg.ended.emplace(message.from_tag());
        return;
    }
    if (message.method() == Method::Ack || message.method() == Method::Cancel ||
        message.method() == Method::Prack ||  // the call may be over before it is passed on
        asked_.contains(key_of(message))) {
        return;
    }
    asked_[key_of(message)] = Asked{200, {}};
    if (message.method() == Method::Refer) {
        referred(message, leg);
    }
    if (is_refresh) {
        refreshed(message, leg, Event::RefreshByRequest);
    }
}

void Watch::refreshed(const sip::Message& message, Leg& leg, Event event) {
    const auto scheme = contact_scheme(message);
    if (!scheme) {
        return;
    }
    const Plan& plan = plan_of(leg);
    const Judgement judgement = judge(topology_.place(plan.place), plan.scheme,
                                      topology_.place(leg.place), *scheme, event, leg.is_caller);
    if (event == Event::RefreshByRequest) {
        Asked& asked = asked_[key_of(message)];
        asked.judgement = judgement;
        if (!judgement.is_allowed) {
            asked.status = judgement.answer.status;
            end_is_owed(plan);
        }
        return;
    }
    judgement.count(tally_);
    if (judgement.is_allowed) {
        return;
    }
    leg.bye_owed = true;
    const bool is_first = !leg.is_caller && message.cseq().method == Method::Invite &&
                          message.cseq().number == leg.invite_cseq;
    if (is_first) {
        return;  // the caller never got so far
    }
    end_is_owed(plan);
    for (auto& [key, asked] : asked_) {  // what it was the answer to is refused on the other side
        for (const std::string& call_id : story_of(plan.number).legs) {
            if (key.starts_with(call_id)) {
                asked.status = 488;
            }
        }
    }
}

// Judged on the leg that it came in by, if that one lets REFER pass at all.
void Watch::referred(const sip::Message& refer, const Leg& leg) {
    const Plan& plan = plan_of(leg);
    const Place& place = topology_.place(leg.place);
    Asked& asked = asked_[key_of(refer)];
    const auto targets = refer.name_addrs(HeaderName::ReferTo);
    if (place.refer == sbc::ReferMode::Refuse || !targets || targets->empty()) {
        asked.status = 403;
        return;
    }
    asked.judgement = judge(topology_.place(plan.place), plan.scheme, place,
                            targets->front().uri.scheme, Event::Refer, leg.is_caller);
    asked.status = asked.judgement->is_allowed ? 202 : asked.judgement->answer.status;
    if (place.refer == sbc::ReferMode::Handle && asked.judgement->is_allowed) {
        std::vector<int>& remaining = story_of(plan.number).referred[step_of_referred(refer)];
        for (const std::string& call_id : story_of(plan.number).legs) {
            const Leg& other = legs_.find(call_id)->second;
            if (other.is_up && !other.bye_seen() && &other != &leg) {
                remaining.push_back(other.place);
            }
        }
    }
}

void Watch::redirected(const sip::Message& response, const Leg& leg) {
    const Plan& plan = plan_of(leg);
    const auto contacts = response.name_addrs(HeaderName::Contact);
    for (const auto& each : contacts.value_or(std::vector<sip::NameAddr>{})) {
        judge(topology_.place(plan.place), plan.scheme, topology_.place(leg.place), each.uri.scheme,
              Event::Redirect)
            .count(tally_);
    }
}

// BYE to both sides.
void Watch::end_is_owed(const Plan& plan) {
    for (const std::string& call_id : story_of(plan.number).legs) {
        Leg& leg = legs_.find(call_id)->second;
        leg.bye_owed = leg.bye_owed || leg.is_up;
    }
}

// ---- the end ------------------------------------------------------------------------------------

void Watch::finish() {
    if (!is_strict_) {
        return;
    }
    for (const Plan& plan : plans_) {
        finish_plan(plan);
    }
    for (const auto& [call_id, leg] : legs_) {
        if (plan_of(leg).vanishes && leg.is_up) {
            tally_.add(Flow::Vanished);
            if (!leg.bye_seen()) {
                complain("no-bye", &plan_of(leg), "a leg at " + topology_.place(leg.place).name());
            }
        }
        if (leg.bye_owed && !leg.bye_seen()) {
            complain("no-bye", &plan_of(leg), "a leg at " + topology_.place(leg.place).name());
        }
    }
}

void Watch::finish_plan(const Plan& plan) {
    const Story& story = story_of(plan.number);
    const Expectation& expectation = expectation_of(plan.number);
    ++tally_.endings[story.status];
    if (expectation.is_silent) {
        return;  // that there was no answer is checked when there is one
    }
    if (!story.is_begun) {
        complain("not-begun", &plan, "the caller did not call");
        return;
    }
    if (!expectation.allows(story.status, story.warning)) {
        std::string wanted;
        for (const Ending& each : expectation.endings) {
            wanted += " " + std::to_string(each.status) + "/" + std::to_string(each.warning);
        }
        complain(story.status >= 200 && story.status < 300 ? "wrong-success" : "wrong-status",
                 &plan,
                 "expected" + wanted + ", found " + std::to_string(story.status) + "/" +
                     std::to_string(story.warning) + ":\n" + story.ending);
        return;
    }
    if (plan.is_subscription && story.status == 200) {
        const bool is_of_secure = is_secure(topology_.place(plan.place), plan.scheme);
        tally_.add(is_of_secure ? Flow::SecureSubscription : Flow::Subscription);
    }
    note(expectation);
}

void Watch::note(const Expectation& expectation) {
    for (const Judgement& judgement : expectation.judgements) {
        judgement.count(tally_);
    }
    for (const Flow flow : expectation.flows) {
        tally_.add(flow);
    }
}

}  // namespace ringwall::simulation
