// The configuration as the running parts see it: typed, immutable, shared. A call keeps the
// snapshot that it began with. Words and defaults: the table of leaves in docs/manual-sbc.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/secret.h"
#include "base/time.h"
#include "sbc/config/cac_policy.h"
#include "sbc/config/source_rules.h"
#include "sbc/config/subscribers.h"
#include "sip/auth/digest.h"
#include "sip/ping/options_ping.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"
#include "tls/context.h"
#include "tls/revocation_lists.h"

namespace ringwall::sbc {

enum class Security : std::uint8_t { Untrusted, TrustedEncrypted, TrustedUnencrypted };
enum class SipCallsIn : std::uint8_t { Insecure, Secure, Reject };
enum class SipCallsOut : std::uint8_t { Refuse, SecureOnly, Any };
enum class SipsConversion : std::uint8_t { Off, ToSip };
enum class UntrustedCallers : std::uint8_t { Allow, Refuse };
enum class MediaSecurity : std::uint8_t { Off, Preferred, Required };
enum class MediaMode : std::uint8_t { Bypass, Anchored };
enum class MediaEngineDown : std::uint8_t { Refuse, Bypass };
enum class ReferMode : std::uint8_t { Pass, Refuse, Handle };
enum class ReplacesMode : std::uint8_t { Own, Trusted };
enum class RedirectMode : std::uint8_t { PassThrough, Recurse };
enum class PrivacyMode : std::uint8_t { Trusted, OnRequest, Restricted };
enum class SignatureMode : std::uint8_t { IfWhole, Pass, Drop };
enum class Profile : std::uint8_t { Peering, Access, Core };

// The words of the configuration: "trusted-encrypted", "secure-only", ...
std::string_view to_string(Security);
std::string_view to_string(SipCallsIn);
std::string_view to_string(SipCallsOut);
std::string_view to_string(SipsConversion);
std::string_view to_string(UntrustedCallers);
std::string_view to_string(MediaSecurity);
std::string_view to_string(PrivacyMode);
std::string_view to_string(SignatureMode);
std::string_view to_string(tls::ClientAuthentication);

// An index into Snapshot::adjacencies.
using AdjacencyIndex = std::uint32_t;

// An address-of-record that we register at the signaling-peer, as a phone would.
struct OutboundRegistration {
    sip::Scheme scheme = sip::Scheme::Sip;
    std::string user;               // escaped as a URI's
    std::string domain;             // the registrar's
    std::string uri() const;        // "sip:trunk@provider.example"
    std::string registrar() const;  // "sip:provider.example"
};

struct Adjacency {
    std::string name;
    std::string description;
    std::string account;  // of whom it is, for the admission policy; empty: of nobody
    bool is_attached = false;
    bool is_removed = false;  // not configured any more: what is left is for calls and records

    // Security: all that `permit` looks at.
    Security security = Security::Untrusted;
    SipCallsIn sip_calls_in = SipCallsIn::Insecure;                // trusted
    SipCallsOut sip_calls_out = SipCallsOut::Refuse;               // trusted-encrypted
    SipsConversion sips_conversion = SipsConversion::Off;          // trusted-unencrypted
    UntrustedCallers untrusted_callers = UntrustedCallers::Allow;  // trusted-unencrypted
    MediaSecurity media_security =
        MediaSecurity::Off;  // default by security: preferred when encrypted
    MediaMode media = MediaMode::Bypass;
    MediaEngineDown media_engine_down = MediaEngineDown::Refuse;
    ReferMode refer = ReferMode::Pass;  // default by security: refuse when untrusted
    ReplacesMode replaces = ReplacesMode::Own;
    bool tells_rule = false;             // in a refusal; default by security: when trusted
    std::optional<PrivacyMode> privacy;  // none: by security and profile, see privacy_mode
    SignatureMode identity = SignatureMode::IfWhole;
    bool takes_anonymous = false;    // From of a phone that is known
    bool takes_own_callers = false;  // untrusted: From of a domain that is served elsewhere here

    // Where.
    Profile profile = Profile::Peering;  // Access: the far ends are phones that register here
    IpAddress signaling_address;
    std::uint16_t signaling_port = 5060;              // 5061 by default on trusted-encrypted
    std::vector<Network> remote_addresses;            // empty: any source
    std::string signaling_peer;                       // a name or an address; empty: none (phones)
    std::optional<IpAddress> signaling_peer_address;  // the peer itself, where it is an address
    std::uint16_t signaling_peer_port = 0;            // 0: the transport's default
    sip::Transport preferred_transport = sip::Transport::Udp;  // Tls on trusted-encrypted
    std::optional<sip::Transport> mandated_transport;          // to the peer; none: udp and tcp
    std::string local_id;  // our host name in Contact, Via and From here; empty: by rule
    std::vector<std::string> domains;  // domains whose users register here (Access)
    bool is_named_as_domain = false;   // our host here is such a domain, of whatever adjacency
    // As whose users nobody speaks here: domains of other adjacencies, where this one is untrusted
    // and `own-domain-callers` refuses; not where it is their registrar.
    std::vector<std::string> barred_domains;

    // What a challenge offers, the preferred one first, and what is accepted. Some phones give up
    // at a challenge that they do not know, though one that they know stands beside it.
    std::vector<sip::auth::Algorithm> digest_algorithms = {sip::auth::Algorithm::Sha256,
                                                           sip::auth::Algorithm::Md5};

    // As a client of the signaling-peer: how its challenges are answered, and what is registered.
    std::vector<sip::auth::Account> outbound_accounts;  // one for each realm
    std::optional<OutboundRegistration> registration;
    std::uint32_t registration_expiry = 3600;     // seconds, what is asked for
    std::optional<sip::OptionsPing::Setup> ping;  // none: it is not asked whether it is there

    // TLS (trusted-encrypted). Server and client role.
    tls::ClientAuthentication tls_client_authentication = tls::ClientAuthentication::Optional;
    std::vector<std::string> tls_peer_domains;
    bool tls_allow_wildcard = false;
    std::shared_ptr<const tls::Context> tls_server;
    std::shared_ptr<const tls::Context> tls_client;
    tls::Version tls_min_version = tls::Version::Tls12;
    std::string tls_ciphers;  // of OpenSSL's words for TLS 1.2; empty: all that are good
    // What is shown in each role, and from which file.
    struct Shown : tls::OwnCertificate {
        std::string file;
    };
    Shown certificate;
    Shown client_certificate;
    // By whose lists peers are judged in each role, and from which file; when the first is out of
    // date.
    struct Revocation : tls::Revocations {
        std::string file;  // empty: nobody is asked
    };
    Revocation revocation;
    Revocation client_revocation;
    std::optional<WallTime> crl_next_update;
    std::set<std::string> tls_files;       // that all this was made of
    Duration tls_handshake_timeout = 20s;  // not below 15 s

    // Calls.
    RedirectMode redirect_mode = RedirectMode::PassThrough;
    unsigned redirect_limit = 2;
    std::vector<int> hunting_trigger;   // status codes; empty: the service's
    std::uint32_t reg_min_expiry = 60;  // seconds

    // Phones here register at the signaling-peer of that adjacency (Access); none: at us.
    std::optional<AdjacencyIndex> registration_target;
    std::uint32_t registration_outgoing_timer = 3600;  // seconds: at the registrar
    std::uint32_t registration_incoming_timer = 3600;  // here, over a connection
    std::uint32_t fast_register_interval = 30;         // here, over UDP
    bool passes_challenges = false;  // of phones here to the registrar, when it calls them
    // Session timers (RFC 4028), in seconds. None: our own are off, and no interval is shortened.
    std::optional<std::uint32_t> session_timer = 1800;
    std::uint32_t session_timer_minimum = 90;  // shorter intervals that are asked for hear 422

    bool anchors_media() const { return media == MediaMode::Anchored; }
    bool is_trusted() const { return security != Security::Untrusted; }
    PrivacyMode privacy_mode() const {
        return privacy.value_or(is_trusted() && profile != Profile::Access
                                    ? PrivacyMode::Trusted
                                    : PrivacyMode::OnRequest);
    }
    bool is_encrypted() const { return security == Security::TrustedEncrypted; }
    // All that comes in here is of one party: a trunk that is trusted, or known by its addresses.
    bool is_one_party() const {
        return profile != Profile::Access && (is_trusted() || !remote_addresses.empty());
    }
    // Users of this domain register here. Neither case nor the dot at its end counts.
    bool has_users_of(std::string_view domain) const;
    bool accepts(sip::auth::Algorithm algorithm) const {
        return std::ranges::find(digest_algorithms, algorithm) != digest_algorithms.end();
    }
    // The host that we write into Contact, Via and Record-Route: local-id, else the first name of
    // our certificate (encrypted), else the signalling address.
    std::string own_host() const;
};

// Of the same security, and the same kind of peers: whoever is known on the one is as much worth on
// the other.
bool is_as_trusted(const Adjacency& one, const Adjacency& other);

// One `entry` of a routing table.
struct RoutingEntry {
    unsigned number = 0;
    std::string match;  // adjacency, prefix or domain; empty: matches all
    enum class Action : std::uint8_t { Complete, NextTable, Reject } action = Action::Complete;
    std::optional<AdjacencyIndex> destination;  // dst-adjacency
    std::string next_table;
    unsigned weight = 0;  // 0: by number
};
struct RoutingTable {
    enum class Kind : std::uint8_t { SourceAdjacency, DestinationAddress, DestinationDomain };
    std::string name;
    Kind kind = Kind::SourceAdjacency;
    std::vector<RoutingEntry> entries;  // by number
};
struct CallPolicySet {
    unsigned number = 0;
    std::string first_call_routing_table;
    std::vector<RoutingTable> tables;
};

struct Snapshot {
    std::uint64_t generation = 1;  // one more for each that succeeded another (succeed)
    std::string service;           // "mysbc"
    std::vector<Adjacency> adjacencies;
    Subscribers subscribers;  // of the configuration; see subscriber()
    std::shared_ptr<const Subscribers> stored_subscribers;  // of the store; null: none
    std::optional<CallPolicySet> call_policy;
    std::optional<CacPolicySet> cac_policy;
    SourceRules source_rules;
    std::vector<std::string> emergency_numbers;
    std::vector<int> hunting_trigger = {408, 480, 500, 502, 503, 504};  // sip hunting-trigger
    std::optional<Endpoint> media_engine;
    std::optional<Duration> media_timeout = 60s;

    // What follows for each adjacency from the domains that are served here.
    void note_domains();

    // After which statuses of that adjacency the next route is tried.
    const std::vector<int>& hunting_triggers(const Adjacency& adjacency) const {
        return adjacency.hunting_trigger.empty() ? hunting_trigger : adjacency.hunting_trigger;
    }
    // The one that is asked who registers here, wherever it is kept. A name that is in both, which
    // nobody is let do, is the configuration's.
    const Subscriber* subscriber(std::string_view address_of_record) const;
    std::size_t subscriber_count() const;
    // How many there are of a domain, and each of them: the configuration's first.
    std::size_t subscriber_count(std::string_view domain) const;
    const Subscriber& subscriber_of(std::string_view domain, std::size_t index) const;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace ringwall::sbc
