// Stage "authenticate": who may call as whom. Only phones (preset-access) are asked; a peer was
// known by its certificate or is known by its address. One that is not trusted is none of the users
// whom we ask, nor of those whom a registrar behind us does: From their domains it hears 403,
// unless `own-domain-callers allow` says otherwise or it is that registrar (docs/decisions/0076).
//
// Of phones:
//
//   connection carries a live registration of the From, and it is no REGISTER   -> that is the
//   caller good credentials                                                            -> the
//   digest's user otherwise                                                                   ->
//   401
//
// and then From, P-Asserted-Identity, and the To of a REGISTER must be the caller's own, else 403.
// A certificate that the phone showed must bear the subscriber, else 403. Of several lines that a
// connection has registered, the caller is the one that it prefers to be (RFC 3325 §9.2). Where
// `anonymous-callers allow` says so, From may be anonymous: who is calling is known without it.
//
// Where phones register at a registrar behind us (`registration target`), that one knows the
// passwords: a REGISTER goes on to be challenged there, and nothing else goes anywhere without a
// registration that it has granted on this connection.
//
// Unknown users are challenged like known ones. A nonce may be used again while it lives, with
// another count (nc): it is bound to realm, source address and worker, and the digest to method and
// Request-URI. What was accepted once is never accepted again. What is made for any other nonce is
// not looked at. Where passwords were guessed too often (`authentication-failure`), a connection is
// heard with those of whom it has registered.
#include <algorithm>

#include "base/keyed_hash.h"
#include "base/text.h"
#include "sbc/policy/caller_identity.h"
#include "sbc/policy/stages.h"
#include "sip/auth/server_authentication.h"

namespace ringwall::sbc::policy {

using sip::HeaderName;
using sip::Method;

namespace {

std::string_view domain_of(std::string_view address_of_record) {
    const auto at = address_of_record.rfind('@');
    return at == std::string_view::npos ? std::string_view{} : address_of_record.substr(at + 1);
}

bool serves(const Adjacency& adjacency, std::string_view domain) {
    return adjacency.domains.empty() ||
           std::ranges::any_of(adjacency.domains, [domain](std::string_view served) {
               return equals_ignoring_case(served, domain);
           });
}

const Subscriber* subscriber_here(const Inbound& inbound, std::string_view address_of_record) {
    return subscriber_on(*inbound.snapshot, inbound.from_adjacency(), address_of_record);
}

// Who the request says it is from: the user that a REGISTER is about, else the caller.
std::string claimed_identity(const sip::Message& request) {
    const sip::NameAddr& who = request.method() == Method::Register ? request.to() : request.from();
    return sip::address_of_record(who.uri);
}

// One of `count`, by a hash; most stay what they were when there is one more (Lamping and Veach, "A
// Fast, Minimal Memory, Consistent Hash Algorithm", 2014).
std::size_t pick(std::uint64_t hash, std::size_t count) {
    std::size_t picked = 0;
    for (double next = 0; next < static_cast<double>(count);) {
        picked = static_cast<std::size_t>(next);
        hash = hash * 2862933555777941757U + 1;
        next = static_cast<double>(picked + 1) *
               (static_cast<double>(1U << 31U) / static_cast<double>((hash >> 33U) + 1));
    }
    return picked;
}

// Nobody outside knows it, and it is the same after a restart and of every worker.
HashKey key_of(const Subscriber& subscriber) {
    HashKey key;
    using enum sip::auth::Algorithm;
    for (const auto algorithm : {Md5, Sha256, Sha512t256}) {
        const std::string_view secret = subscriber.password.of(algorithm).reveal();
        key = {keyed_hash(key, secret), keyed_hash({key.high, ~key.low}, secret)};
    }
    return key;
}

// Whose realm an unknown user hears: that of any user of the domain, so that a realm which few have
// tells no more than one that most have; and of the same one every time, as a known user does.
// Null: the domain has none.
const Subscriber* neighbour_of(const Snapshot& snapshot, std::string_view unknown,
                               std::string_view domain) {
    const std::size_t count = snapshot.subscriber_count(domain);
    if (count == 0) {
        return nullptr;
    }
    const HashKey key = key_of(snapshot.subscriber_of(domain, 0));
    return &snapshot.subscriber_of(domain, pick(keyed_hash(key, unknown), count));
}

// The challenge does not tell who exists.
std::string realm_for(const Inbound& inbound, std::string_view claimed) {
    const std::string_view domain = domain_of(claimed);
    const Adjacency& adjacency = inbound.from_adjacency();
    if (domain.empty() || !serves(adjacency, domain)) {
        return adjacency.domains.empty() ? adjacency.own_host() : adjacency.domains.front();
    }
    // For who is known too: nor does the time tell.
    const Subscriber* const neighbour = neighbour_of(*inbound.snapshot, claimed, domain);
    const Subscriber* const subscriber = inbound.snapshot->subscriber(claimed);
    return subscriber != nullptr  ? subscriber->realm
           : neighbour != nullptr ? neighbour->realm
                                  : std::string(domain);
}

// The certificate names the subscriber, or a name that the configuration says stands for it.
bool bears(const tls::PeerIdentity& certificate, const Subscriber* subscriber,
           std::string_view address_of_record) {
    if (tls::matches_user(certificate, address_of_record)) {
        return true;
    }
    if (subscriber == nullptr || subscriber->certificate_name.empty()) {
        return false;
    }
    return tls::matches_user(certificate, subscriber->certificate_name) ||
           tls::matches_domain(certificate, subscriber->certificate_name);
}

std::optional<Reject> refuse_certificate(const Inbound& inbound, std::string_view who) {
    if (inbound.identity == nullptr || !inbound.identity->has_certificate ||
        bears(*inbound.identity, subscriber_here(inbound, who), who)) {
        return std::nullopt;
    }
    return Reject{.status = 403,
                  .reason = "Certificate Is Another Subscriber's",
                  .detail = "certificate does not bear " + std::string(who)};
}

bool has_registration(const Inbound& inbound, std::string_view address_of_record) {
    // A UDP socket is no connection: anybody can write the source address.
    return inbound.hop.transport != sip::Transport::Udp &&
           std::ranges::find(inbound.registered, address_of_record) != inbound.registered.end();
}

bool is_own(const Inbound& inbound, std::string_view address_of_record) {
    return address_of_record == inbound.caller ||
           (inbound.proof == Proof::Registration && has_registration(inbound, address_of_record));
}

// From leaves itself out, and may.
bool is_anonymous(const Inbound& inbound) {
    return inbound.from_adjacency().takes_anonymous &&
           inbound.request.method() != Method::Register &&
           sip::address_of_record(inbound.request.from().uri) == anonymous;
}

// Which of its lines a phone wants to be: the first in such a field that is one of them. Empty:
// it does not say.
std::string preferred_line(const Inbound& inbound) {
    for (const HeaderName field : {HeaderName::PAssertedIdentity, HeaderName::PPreferredIdentity}) {
        const auto named = inbound.request.name_addrs(field);
        if (!named) {
            continue;  // a hint that cannot be read is none
        }
        for (const sip::NameAddr& each : *named) {
            if (auto line = sip::address_of_record(each.uri); has_registration(inbound, line)) {
                return line;
            }
        }
    }
    return {};
}

// As whom it calls that is on a registered connection, if it is one of those: itself, or one
// that is not named.
std::string line_on_connection(const Inbound& inbound, const std::string& claimed) {
    const bool is_unnamed = is_anonymous(inbound);
    if (inbound.request.method() == Method::Register ||
        (!is_unnamed && !has_registration(inbound, claimed))) {
        return {};
    }
    if (std::string line = preferred_line(inbound); !line.empty()) {
        return line;
    }
    if (!is_unnamed) {
        return claimed;
    }
    const bool is_known =
        !inbound.registered.empty() && inbound.hop.transport != sip::Transport::Udp;
    return is_known ? inbound.registered.front() : std::string();
}

// Without one: whose password is asked for.
std::string line_to_prove(const Inbound& inbound, const std::string& claimed) {
    if (!is_anonymous(inbound)) {
        return claimed;
    }
    const auto preferred = inbound.request.name_addrs(HeaderName::PPreferredIdentity);
    return preferred && !preferred->empty() ? sip::address_of_record(preferred->front().uri)
                                            : claimed;
}

// After the caller is known: does the request speak for anybody else? `claimed` is its
// claimed_identity.
Verdict check_claims(const Inbound& inbound, std::string_view claimed) {
    const sip::Message& request = inbound.request;
    const bool is_register = request.method() == Method::Register;
    const auto not_own = [&inbound](std::string_view what, std::string_view whose) {
        return Reject{.status = 403,
                      .reason = std::string(what) + " Is Not Yours",
                      .detail = inbound.caller + " is not " + std::string(whose)};
    };
    const bool is_from_claimed = !is_register || request.from().uri.text == request.to().uri.text;
    const std::string from =
        is_from_claimed ? std::string(claimed) : sip::address_of_record(request.from().uri);
    if (!is_own(inbound, from) && !is_anonymous(inbound)) {
        return not_own("From", from);
    }
    if (is_register && !is_own(inbound, claimed)) {
        return not_own("Address-of-Record", claimed);
    }
    const auto asserted = request.name_addrs(HeaderName::PAssertedIdentity);
    if (!asserted) {
        return Reject{.status = 400, .reason = "Bad P-Asserted-Identity"};
    }
    for (const sip::NameAddr& each : *asserted) {
        if (const auto who = sip::address_of_record(each.uri); !is_own(inbound, who)) {
            return not_own("P-Asserted-Identity", who);
        }
    }
    return Continue{};
}

// Whose password these credentials would have to prove: the claimed user's, or that of a neighbour
// who claims to be somebody else (and will hear 403, but only once it is proven who it is).
const Subscriber* subscriber_of(const Inbound& inbound, const sip::auth::Credentials& credentials,
                                std::string_view claimed) {
    const auto fits = [&credentials](const Subscriber* subscriber) {
        return subscriber != nullptr && subscriber->username == credentials.username &&
               subscriber->realm == credentials.realm;
    };
    if (const Subscriber* subscriber = subscriber_here(inbound, claimed); fits(subscriber)) {
        return subscriber;
    }
    const std::string neighbour = credentials.username.find('@') == std::string::npos
                                      ? credentials.username + "@" + credentials.realm
                                      : credentials.username;
    const Subscriber* subscriber = subscriber_here(inbound, neighbour);
    return fits(subscriber) ? subscriber : nullptr;
}

// Of all algorithms, and nobody is asked for it.
const sip::auth::HashedPassword& nobodys_password() {
    static const sip::auth::HashedPassword password("nobody", "nowhere", Secret("nothing"));
    return password;
}

Verdict check_digest(Inbound& inbound, const sip::auth::Credentials& credentials,
                     std::string_view who, std::string_view claimed) {
    const Subscriber* subscriber = subscriber_of(inbound, credentials, who);
    const bool is_accepted = inbound.from_adjacency().accepts(credentials.algorithm);
    // Whom we do not know costs as much as whose password it is not.
    const bool has_password =
        subscriber != nullptr && !subscriber->password.of(credentials.algorithm).empty();
    const sip::auth::HashedPassword& password =
        has_password ? subscriber->password : nobodys_password();
    if (inbound.has_guessed &&
        (subscriber == nullptr || !has_registration(inbound, subscriber->address_of_record))) {
        return Reject{.status = 503,
                      .reason = "Too Many Wrong Passwords",
                      .detail = "passwords of others are not looked at, for too many were wrong"};
    }
    using Nonce = sip::auth::NonceMint::Verdict;
    const auto nonce =
        inbound.nonce_window.check(inbound.nonces, credentials.nonce, credentials.realm,
                                   inbound.source.address, inbound.now.wall);
    if (nonce.verdict == Nonce::Forged) {
        // From before a restart, of another worker, or made up: whether the password is right is
        // told to nobody who need not ask with a nonce of ours, by which guesses are counted.
        return Challenge{.realm = credentials.realm, .stale = true};
    }
    const bool is_proven =
        is_accepted &&
        sip::auth::proves(credentials, password, inbound.request, inbound.verifier) && has_password;
    if (!is_proven) {
        inbound.is_guess = true;
        inbound.wrong_credentials = subscriber == nullptr ? "credentials of no subscriber here"
                                    : !is_accepted        ? "digest algorithm not accepted here"
                                                          : "wrong password";
        return Challenge{.realm = credentials.realm, .stale = false};
    }
    if (nonce.verdict != Nonce::Good) {
        // The password was right (RFC 7616 §3.3): the phone need not ask its user again.
        return Challenge{.realm = credentials.realm, .stale = true};
    }
    using Window = sip::auth::NonceWindow::Verdict;
    const Window window =
        inbound.nonce_window.use(nonce, credentials.nonce_count(), inbound.now.wall);
    if (window != Window::Fresh) {
        inbound.is_replay = window == Window::Replayed;
        inbound.wrong_credentials =
            inbound.is_replay ? std::string_view("credentials were used before") : "";
        return Challenge{.realm = credentials.realm, .stale = true};
    }
    inbound.proof = Proof::Digest;
    inbound.caller = subscriber->address_of_record;
    if (auto refused = refuse_certificate(inbound, inbound.caller);
        refused && is_anonymous(inbound)) {  // else From decides
        return std::move(*refused);
    }
    return check_claims(inbound, claimed);
}

Verdict leave_to_registrar_behind(Inbound& inbound, std::string_view claimed) {
    if (inbound.request.method() != Method::Register &&
        inbound.hop.transport == sip::Transport::Udp) {
        return Reject{.status = 403,
                      .reason = "Calls Need TCP Or TLS Here",
                      .detail = "over UDP nothing proves that it is " + std::string(claimed) +
                                ", and its registrar's password is not known here"};
    }
    if (inbound.request.method() != Method::Register) {
        return Reject{.status = 403,
                      .reason = "Register Over This Connection First",
                      .detail = std::string(claimed) + " is not registered on this connection"};
    }
    inbound.caller = claimed;
    return check_claims(inbound, claimed);
}

Verdict check_peers_from(const Inbound& inbound) {
    const Adjacency& adjacency = inbound.from_adjacency();
    if (may_speak_for(adjacency, inbound.request.from().uri)) {
        return Continue{};
    }
    return Reject{.status = 403,
                  .reason = "From Is Not Yours",
                  .detail = "domain " + lower(domain_named(inbound.request.from().uri)) +
                            " is served here, and adjacency " + adjacency.name +
                            " is untrusted (own-domain-callers)"};
}

}  // namespace

const Subscriber* subscriber_on(const Snapshot& snapshot, const Adjacency& adjacency,
                                std::string_view address_of_record) {
    return serves(adjacency, domain_of(address_of_record)) ? snapshot.subscriber(address_of_record)
                                                           : nullptr;
}

Verdict authenticate(Inbound& inbound) {
    if (inbound.from_adjacency().profile != Profile::Access) {
        return check_peers_from(inbound);
    }
    const sip::Message& request = inbound.request;
    const std::string claimed = claimed_identity(request);
    const std::string line = line_on_connection(inbound, claimed);
    const std::string who = line.empty() ? line_to_prove(inbound, claimed) : line;
    if (auto refused = refuse_certificate(inbound, who)) {
        return std::move(*refused);
    }
    if (!line.empty()) {
        inbound.proof = Proof::Registration;
        inbound.caller = line;
        return check_claims(inbound, claimed);
    }
    if (inbound.from_adjacency().registration_target) {
        return leave_to_registrar_behind(inbound, claimed);
    }
    const std::string realm = realm_for(inbound, who);
    if (const auto credentials = sip::auth::credentials_for(request, realm)) {
        return check_digest(inbound, *credentials, who, claimed);
    }
    const bool is_registered_phone = request.method() != Method::Register &&
                                     !inbound.registered.empty() &&
                                     inbound.hop.transport != sip::Transport::Udp;
    if (is_registered_phone) {
        return Reject{.status = 403,
                      .reason = "From Is Not Yours",
                      .detail = claimed + " is not registered on this connection"};
    }
    return Challenge{.realm = realm, .stale = false};
}

}  // namespace ringwall::sbc::policy
