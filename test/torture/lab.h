// Where bad input is tried out: a whole border controller between peers that send what they are
// told to. Everything near sends goes on to far, if it goes on at all; phone is one that registers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "scenario/border.h"
#include "torture/wire.h"

namespace ringwall::test {

// Between two networks of the outside: nobody registers here.
inline constexpr std::string_view two_trunks = R"(
sbc mysbc
 sbe
  adjacency sip near
   signaling-address ipv4 192.0.2.3
   remote-address ipv4 192.0.2.30 255.255.255.255
   signaling-peer 192.0.2.30
   attach
  adjacency sip far
   signaling-address ipv4 192.0.2.4
   remote-address ipv4 192.0.2.40 255.255.255.255
   signaling-peer 192.0.2.40
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency near
     dst-adjacency far
     action complete
    entry 2
     match-adjacency far
     dst-adjacency near
     action complete
  active-call-policy-set 1
)";

// The same with phones of example.com.
inline constexpr std::string_view with_phones = R"(
sbc mysbc
 sbe
  subscriber user@example.com
   password secret
  subscriber j.user@example.com
   password secret
  subscriber watson@example.com
   password secret
  subscriber null-%00-null@example.com
   username null
   password secret
  adjacency sip phones
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.2
   remote-address ipv4 192.0.2.20 255.255.255.255
   attach
  adjacency sip near
   signaling-address ipv4 192.0.2.3
   remote-address ipv4 192.0.2.30 255.255.255.255
   signaling-peer 192.0.2.30
   attach
  adjacency sip far
   signaling-address ipv4 192.0.2.4
   remote-address ipv4 192.0.2.40 255.255.255.255
   signaling-peer 192.0.2.40
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency near
     dst-adjacency far
     action complete
    entry 2
     match-adjacency phones
     dst-adjacency far
     action complete
  active-call-policy-set 1
)";

// A file of test/torture/rfc4475.
std::string torture_message(const std::string& file);
// `text` with the first `what` replaced; it must be there.
std::string replaced(std::string text, std::string_view what, std::string_view by);
// A new branch and the next CSeq: a second attempt, no retransmission.
std::string again(std::string request);
// The second attempt with the answer to the challenge in a 401.
std::string with_credentials(const std::string& request, const sip::Message& challenge,
                             const std::string& username, const std::string& password = "secret",
                             std::uint32_t nonce_count = 1);

// A request without any fault: `fields` are whole lines. Each has a Call-ID and a branch of its
// own, made of `name`. An INVITE has a Contact, and an offer when it has no other body.
struct Request {
    std::string method = "OPTIONS";
    std::string name = "r1";
    std::string uri = "sip:user@example.com";
    std::string fields{};
    std::string to_tag{};
    std::string max_forwards = "70";
    std::string body{};

    std::string text() const;
};
// An offer of one stream.
extern const std::string offer;

class TortureLab : public ::testing::Test {
protected:
    explicit TortureLab(std::string_view configuration = two_trunks);
    // Every test ends with: nothing left behind, and nothing sent to anybody but the peers.
    void TearDown() override;

    void run(Duration duration = 1s) { net.run_for(duration); }
    std::uint64_t counted(std::string_view name, std::string_view label) {
        return border.sbc().counters().value(name, label);
    }
    engine::ShardCounters counters() { return border.sbc().shard().counters(); }

    static const Endpoint to_near;    // where the border controller listens for near
    static const Endpoint to_far;     // for far
    static const Endpoint to_phones;  // for phone

    SimNetwork net;
    Border border;
    Wire near;
    Wire far;
    Wire phone;
};

class TortureLabWithPhones : public TortureLab {
protected:
    TortureLabWithPhones() : TortureLab(with_phones) {}
    // Registers over UDP or, with a connection, over that. Returns the last status heard.
    int do_register(const std::string& request, const std::string& username, FlowId over = {});
};

}  // namespace ringwall::test
