// What of a message of one leg goes on to the other, and what Ringwall writes there in its own
// name. Nothing of one side's Via, Contact, Call-ID, tags, Record-Route, Route or addresses is seen
// on the other; what is end to end (subject, identity by trust, bodies, unknown fields) passes.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "sbc/b2bua/kept_body.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/caller_identity.h"
#include "sbc/policy/media_security.h"
#include "sip/message.h"
#include "sip/message_builder.h"
#include "sip/transaction/actions.h"

namespace ringwall::sbc::b2bua {

// Via for a request that leaves by `adjacency`.
std::string via(const Adjacency& adjacency, sip::Transport transport, std::string_view branch);

// Contact that a peer on `adjacency` reaches this leg by: the certificate's name on an encrypted
// one (a phone opens the target anew and compares the name). `user` is escaped as a
// URI's.
std::string contact(const Adjacency& adjacency, sip::Transport transport, sip::Scheme scheme,
                    std::string_view user);

// The From of a request as it is to be told on `to`: itself, or nobody's (RFC 3323 §4.1.1.3) where
// its user does not want to be known.
const sip::NameAddr& told_from(const sip::Message& request, const Adjacency& to);

// The From and the To of a request that came in by `from` for the leg on `to`: display name and
// address kept, no parameters but user=phone and no port (RFC 3261 §19.1.1); our name on the one
// side, or an IP address, replaced by our name on the other; sips becomes sip where the leg's
// scheme is. A stranger who would have the domain of our users by that has our address.
std::string from_address(const sip::NameAddr& original, sip::Scheme leg_scheme,
                         const Adjacency& from, const Adjacency& to);
std::string to_address(const sip::NameAddr& original, sip::Scheme leg_scheme, const Adjacency& from,
                       const Adjacency& to);

// With our hosts in them they may be longer than anybody reads (sip::limits::uri): the status by
// which a request that would go with these is refused; 0: all can be read. `addresses` are values
// of From, To and Contact.
int refuse_length(std::string_view request_uri, std::initializer_list<std::string_view> addresses);

// The Request-URI of a request that came in by `from` and goes to the peer of `to`: tel stays; of a
// SIP URI the scheme is the leg's, and a host that is ours, or an address, becomes the peer's.
std::string request_uri(const sip::Uri& original, sip::Scheme leg_scheme, const Adjacency& from,
                        const Adjacency& to);

// Of a URI's parameters those that say nothing of how to get there from the side that wrote them.
std::string parameters_of_user(std::string_view parameters);
// The Referred-By (RFC 3892) for the other leg: as a From, with its cid. None: it cannot be read,
// or is not for who says so to say (policy::may_name_referrer).
std::optional<std::string> referred_by(std::string_view original, const Adjacency& from,
                                       const Adjacency& to, const policy::Author& author);

// A Warning of ours towards a peer on `adjacency`: the text that RFC 5630 has for the code, else
// `text`.
std::string warning(const Adjacency& adjacency, int code, std::string_view text = {});
// A 399 for people (RFC 3261 §20.43): by which rule, and what it says.
std::string rule_warning(const Adjacency& adjacency, std::string_view rule,
                         std::string_view sentence);

// What who is asked for a password asks, and what proves it: where policy::carries_challenges.
void copy_challenges(sip::MessageBuilder& builder, const sip::Message& response);
// Of a phone only what asks for a digest; what asks for the password itself is not for others.
void copy_digest_challenges(sip::MessageBuilder& builder, const sip::Message& response);
bool bears_digest_challenge(const sip::Message& response);
// Those lines of Authorization and Proxy-Authorization.
void copy_credentials(sip::MessageBuilder& builder, const sip::Message& request,
                      const std::function<bool(const sip::HeaderLine&)>& is_for_them);

// Header fields that pass from a leg on `from` to one on `to`, but those in `removed`; not those
// that describe the body: see copy_body. Who is asserted to have written it is the rule of
// policy/caller_identity.
void copy_end_to_end(sip::MessageBuilder& builder, const sip::Message& message,
                     const Adjacency& from, const Adjacency& to, const policy::Author& author,
                     std::span<const sip::HeaderName> removed = {});

// The option tags in one of its fields that pass, but those in `removed`.
void copy_options(sip::MessageBuilder& builder, const sip::Message& message, sip::HeaderName field,
                  std::span<const std::string_view> removed);

// As copy_end_to_end, of a final response to `sent`: its Session-Expires is at most what was asked
// for.
void copy_answer(sip::MessageBuilder& builder, const sip::Message& response,
                 const sip::Message& sent, const Adjacency& from, const Adjacency& to,
                 const policy::Author& author);

// Why a BYE or CANCEL was sent: what of it passes into a CANCEL, which bears little.
sip::transaction::Reasons reasons_of(const sip::Message& request);

// The body as the media rule lets it pass, with the fields that describe it; nothing of both when
// it may not pass.
void copy_body(sip::MessageBuilder& builder, const sip::Message& message,
               const policy::MediaVerdict& verdict);
KeptBody keep_body(const sip::Message& message);
void copy_body(sip::MessageBuilder& builder, const KeptBody& body);

}  // namespace ringwall::sbc::b2bua
