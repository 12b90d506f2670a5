// A request that comes in, for the tests of the pipeline: a border controller with phones, a
// carrier over TLS, a softswitch on a trusted link and the outside, and one message that meets it.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sbc/policy/inbound.h"
#include "sbc/policy/verdict.h"
#include "sip/auth/digest.h"

namespace ringwall::sbc::policy {

inline constexpr AdjacencyIndex phones = 0, carrier = 1, softswitch = 2, outside = 3;

inline Snapshot example_snapshot() {
    Snapshot snapshot;
    snapshot.service = "mysbc";
    snapshot.adjacencies.resize(4);
    const IpAddress here = IpAddress::v4(10, 1, 0, 2);
    for (Adjacency& adjacency : snapshot.adjacencies) {
        adjacency.is_attached = true;
        adjacency.signaling_address = here;
    }
    Adjacency& a = snapshot.adjacencies[phones];
    a.name = "phones";
    a.profile = Profile::Access;
    a.security = Security::TrustedEncrypted;
    a.sip_calls_in = SipCallsIn::Secure;
    a.sip_calls_out = SipCallsOut::SecureOnly;
    a.signaling_port = 5061;
    a.domains = {"example.com"};
    a.certificate.names = {"sbc.example.com"};
    Adjacency& b = snapshot.adjacencies[carrier];
    b.name = "carrier";
    b.security = Security::TrustedEncrypted;
    b.signaling_port = 5071;
    b.signaling_peer = "carrier.example";
    b.tls_client_authentication = tls::ClientAuthentication::Required;
    b.certificate.names = {"sbc.example.com"};
    Adjacency& c = snapshot.adjacencies[softswitch];
    c.name = "softswitch";
    c.security = Security::TrustedUnencrypted;
    c.sip_calls_in = SipCallsIn::Secure;
    c.signaling_port = 5070;
    c.signaling_peer = "10.1.0.9";
    Adjacency& d = snapshot.adjacencies[outside];
    d.name = "outside";
    d.signaling_port = 5060;
    for (const char* user : {"alice", "bob"}) {
        snapshot.subscribers.push_back(
            {.address_of_record = std::string(user) + "@example.com",
             .username = user,
             .realm = "example.com",
             .password = {user, "example.com", Secret(std::string(user) + "'s password")},
             .certificate_name = ""});
    }
    return snapshot;
}

struct Arrival {
    Snapshot snapshot = example_snapshot();
    AdjacencyIndex by = phones;  // whose socket it comes to
    Endpoint source{IpAddress::v4(192, 0, 2, 7), 40'000};
    std::string method = "INVITE";
    std::string request_uri = "sip:bob@example.com";
    std::string from = "<sip:alice@example.com>";
    std::string to = "<sip:bob@example.com>";
    std::string via_host = "192.0.2.7";
    int max_forwards = 70;
    std::vector<std::string> headers{"Contact: <sip:alice@192.0.2.7>"};
    std::optional<sip::Transport> transport = std::nullopt;  // none: what the adjacency speaks
    tls::PeerIdentity identity{};
    bool has_tls_identity = true;
    std::vector<std::string> registered{};
    WallTime wall{std::chrono::seconds(1'800'000'000)};

    SeededRandom random{1};
    sip::auth::NonceMint nonces{random};
    sip::auth::NonceWindow nonce_window{nonces.lifetime()};
    sip::auth::Verifier verifier{};

    Adjacency& adjacency() { return snapshot.adjacencies[by]; }

    void show_certificate(std::string_view dns_name) {
        identity.has_certificate = identity.is_verified = true;
        identity.has_subject_alt_name = true;
        identity.dns_names.emplace_back(dns_name);
    }
    void show_user_certificate(std::string_view address_of_record) {
        identity.has_certificate = identity.is_verified = true;
        identity.has_subject_alt_name = true;
        identity.sip_users.emplace_back(address_of_record);
    }

    // Valid until the next call.
    Inbound& inbound() {
        const auto spoken = transport.value_or(adjacency().is_encrypted() ? sip::Transport::Tls
                                                                          : sip::Transport::Udp);
        std::string text = method + " " + request_uri + " SIP/2.0\r\n";
        text += "Via: SIP/2.0/" + std::string(sip::to_string(spoken)) + " " + via_host +
                ":40000;branch=z9hG4bK776asdhds\r\n";
        text += "Max-Forwards: " + std::to_string(max_forwards) + "\r\n";
        text += "From: " + from + ";tag=1928301774\r\nTo: " + to + "\r\n";
        text += "Call-ID: a84b4c76e66710@192.0.2.7\r\nCSeq: 314159 " + method + "\r\n";
        for (const std::string& header : headers) {
            text += header + "\r\n";
        }
        text += "Content-Length: 0\r\n\r\n";
        const auto parsed = sip::Message::parse(text, sip::Framing::Stream);
        EXPECT_FALSE(parsed.fault.has_value())
            << text << (parsed.fault ? parsed.fault->reason() : "");
        message_ = parsed.message;
        snapshot.note_domains();
        snapshot_ = std::make_shared<const Snapshot>(snapshot);
        const bool is_tls = spoken == sip::Transport::Tls && has_tls_identity;
        inbound_ = std::unique_ptr<Inbound>(
            new Inbound{.request = *message_,
                        .hop = {FlowId{7}, source, spoken},
                        .source = source,
                        .local = {adjacency().signaling_address, adjacency().signaling_port},
                        .identity = is_tls ? &identity : nullptr,
                        .snapshot = snapshot_,
                        .registered = registered,
                        .nonces = nonces,
                        .nonce_window = nonce_window,
                        .verifier = verifier,
                        .now = {TimePoint{}, wall}});
        return *inbound_;
    }

    // As the stage "identify" leaves it.
    Inbound& identified() {
        Inbound& result = inbound();
        result.adjacency = by;
        result.call = call_from(adjacency(), result.request.request_uri().scheme);
        return result;
    }

    // What the Inbound refers to.
    sip::MessagePtr message_ = nullptr;
    SnapshotPtr snapshot_ = nullptr;
    std::unique_ptr<Inbound> inbound_ = nullptr;
};

inline bool continues(const Verdict& verdict) {
    return std::holds_alternative<Continue>(verdict);
}
// The verdict as a Reject or Drop; an empty one and a failed test when it is something else.
inline Reject rejected(const Verdict& verdict) {
    const auto* reject = std::get_if<Reject>(&verdict);
    EXPECT_NE(reject, nullptr) << "verdict " << verdict.index();
    return reject == nullptr ? Reject{} : *reject;
}
inline Drop dropped(const Verdict& verdict) {
    const auto* drop = std::get_if<Drop>(&verdict);
    EXPECT_NE(drop, nullptr) << "verdict " << verdict.index();
    return drop == nullptr ? Drop{} : *drop;
}
inline Challenge challenged(const Verdict& verdict) {
    const auto* challenge = std::get_if<Challenge>(&verdict);
    EXPECT_NE(challenge, nullptr) << "verdict " << verdict.index();
    return challenge == nullptr ? Challenge{} : *challenge;
}

}  // namespace ringwall::sbc::policy
