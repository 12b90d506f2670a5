// Stage "authenticate": who may call as whom. Only phones (preset-access) are asked; a peer was
// known by its certificate or is known by its address.
//
//   connection carries a live registration of the From, and it is no REGISTER   -> that is the
//   caller good credentials                                                            -> the
//   digest's user otherwise                                                                   ->
//   401
//
// and then From, P-Asserted-Identity, and the To of a REGISTER must be the caller's own, else 403.
// A certificate that the phone showed must bear the subscriber, else 403.
//
// Unknown users are challenged like known ones. A nonce may be used again while it lives, with
// another count (nc): it is bound to realm, source address and worker, and the digest to method and
// Request-URI. What was accepted once is never accepted again.
#include <algorithm>

#include "base/text.h"
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

// The realm of an unknown user is that of its neighbours, so that the challenge does not tell.
std::string realm_for(const Inbound& inbound, std::string_view claimed) {
    const std::string_view domain = domain_of(claimed);
    const Adjacency& adjacency = inbound.from_adjacency();
    if (domain.empty() || !serves(adjacency, domain)) {
        return adjacency.domains.empty() ? adjacency.own_host() : adjacency.domains.front();
    }
    const Subscriber* subscriber = inbound.snapshot->subscriber(claimed);
    if (subscriber == nullptr) {
        subscriber = inbound.snapshot->first_subscriber_of(domain);
    }
    return subscriber == nullptr ? std::string(domain) : subscriber->realm;
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

bool has_registration(const Inbound& inbound, std::string_view address_of_record) {
    // A UDP socket is no connection: anybody can write the source address.
    return inbound.hop.transport != sip::Transport::Udp &&
           std::ranges::find(inbound.registered, address_of_record) != inbound.registered.end();
}

bool is_own(const Inbound& inbound, std::string_view address_of_record) {
    return address_of_record == inbound.caller ||
           (inbound.proof == Proof::Registration && has_registration(inbound, address_of_record));
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
    if (!is_own(inbound, from)) {
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

Verdict check_digest(Inbound& inbound, const sip::auth::Credentials& credentials,
                     std::string_view claimed) {
    const Subscriber* subscriber = subscriber_of(inbound, credentials, claimed);
    if (subscriber == nullptr || !inbound.from_adjacency().accepts(credentials.algorithm) ||
        !sip::auth::proves(credentials, subscriber->password, inbound.request, inbound.verifier)) {
        return Challenge{.realm = credentials.realm, .stale = false};
    }
    const auto nonce =
        inbound.nonce_window.check(inbound.nonces, credentials.nonce, credentials.realm,
                                   inbound.source.address, inbound.now.wall);
    if (nonce.verdict != sip::auth::NonceMint::Verdict::Good) {
        // The password was right (RFC 7616 §3.3): the phone need not ask its user again. A nonce
        // that we do not know may be from before a restart, or of another worker.
        return Challenge{.realm = credentials.realm, .stale = true};
    }
    using Window = sip::auth::NonceWindow::Verdict;
    const Window window =
        inbound.nonce_window.use(nonce, credentials.nonce_count(), inbound.now.wall);
    if (window != Window::Fresh) {
        inbound.is_replay = window == Window::Replayed;
        return Challenge{.realm = credentials.realm, .stale = true};
    }
    inbound.proof = Proof::Digest;
    inbound.caller = subscriber->address_of_record;
    return check_claims(inbound, claimed);
}

}  // namespace

const Subscriber* subscriber_on(const Snapshot& snapshot, const Adjacency& adjacency,
                                std::string_view address_of_record) {
    return serves(adjacency, domain_of(address_of_record)) ? snapshot.subscriber(address_of_record)
                                                           : nullptr;
}

Verdict authenticate(Inbound& inbound) {
    if (inbound.from_adjacency().profile != Profile::Access) {
        return Continue{};
    }
    const sip::Message& request = inbound.request;
    const std::string claimed = claimed_identity(request);
    if (inbound.identity != nullptr && inbound.identity->has_certificate &&
        !bears(*inbound.identity, subscriber_here(inbound, claimed), claimed)) {
        return Reject{.status = 403,
                      .reason = "Certificate Is Another Subscriber's",
                      .detail = "certificate does not bear " + claimed};
    }
    const bool is_register = request.method() == Method::Register;
    if (!is_register && has_registration(inbound, claimed)) {
        inbound.proof = Proof::Registration;
        inbound.caller = claimed;
        return check_claims(inbound, claimed);
    }
    const std::string realm = realm_for(inbound, claimed);
    if (const auto credentials = sip::auth::credentials_for(request, realm)) {
        return check_digest(inbound, *credentials, claimed);
    }
    const bool is_registered_phone =
        !is_register && !inbound.registered.empty() && inbound.hop.transport != sip::Transport::Udp;
    if (is_registered_phone) {
        return Reject{.status = 403,
                      .reason = "From Is Not Yours",
                      .detail = claimed + " is not registered on this connection"};
    }
    return Challenge{.realm = realm, .stale = false};
}

}  // namespace ringwall::sbc::policy
