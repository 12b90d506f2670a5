// What must come of a plan, worked out from the hand-written table (test/unit/sbc/policy) and the
// settled rules, without a line of the code under test: what is asked in which order is written
// here a second time.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "simulation/plan.h"
#include "unit/sbc/policy/permit_table.h"

namespace ringwall::simulation {

using sbc::policy::Event;

// What must come up besides the rows of the table.
enum class Flow {
    Subscription,
    SecureSubscription,
    Vanished,
    Replaced,
    ReplacementRefused,
    Transferred,
    SecureTransferred,
    TransferFailed,
    Anchored,
    SrtpBecomesRtp,
    RtpBecomesSrtp,
    KeysByHandshake,
    MediaRefused,
    WithoutEngine,
    RefusedWithoutEngine,
    RegisteredBehind,
    RefusedBehind,
    CalledByRegistrar,
    CalledByStranger,
    CallsByRegistrar,
    MayNotCallBehind
};
inline constexpr std::array<std::string_view, 21> flow_names{
    "subscription",
    "secure subscription",
    "vanished",
    "replaced",
    "replacement refused",
    "transferred",
    "secure transferred",
    "transfer failed",
    "anchored",
    "SRTP is RTP on the other side",
    "RTP is SRTP on the other side",
    "DTLS-SRTP",
    "refused for its media",
    "by-passed, for the media engine is down",
    "refused, for the media engine is down",
    "registered behind",
    "refused by the registrar behind",
    "called by its registrar",
    "called by its token by another",
    "called by way of the registrar",
    "may not call: not registered behind"};

// How often each row of the table was met, by its place in the table.
struct Tally {
    std::vector<std::size_t> rows = std::vector<std::size_t>(sbc::policy::table::oracle.size());
    std::vector<std::size_t> answers = std::vector<std::size_t>(sbc::policy::table::answers.size());
    std::map<int, std::size_t> endings;  // final status of calls; 0: no answer
    std::vector<std::size_t> flows = std::vector<std::size_t>(flow_names.size());
    void add(Flow flow) { ++flows[static_cast<std::size_t>(flow)]; }
    void add(const Tally& other);
};

struct Judgement {
    std::size_t row = 0;
    bool is_allowed = false;
    Scheme leg = Scheme::Sip;               // allowed
    std::optional<std::size_t> answer_row;  // refused
    sbc::policy::Answer answer;
    void count(Tally& tally) const;
};

// The row that speaks of it. `is_callers_leg`: `sips-conversion` does not speak of that one.
Judgement judge(const Place& caller, Scheme call, const Place& target, Scheme target_scheme,
                Event event, bool is_callers_leg = false);
bool is_secure(const Place& caller, Scheme call);
// Of a Contact with this twist on a leg of this scheme.
Scheme twisted(Scheme leg, Twist twist);

// How the INVITE may end for its caller.
struct Ending {
    int status = 0;
    int warning = -1;    // -1: any
    bool hunts = false;  // the next route is tried
    bool operator<(const Ending& other) const {
        return std::pair(status, warning) < std::pair(other.status, other.warning);
    }
};

struct Expectation {
    bool is_silent = false;  // no answer, whatever else
    // A REGISTER: where it goes on to; 0: it is answered here.
    int registrar = 0;
    std::set<Ending> endings;
    std::map<int, std::set<Scheme>> legs;  // by place: with what scheme it may be called
    std::vector<Judgement> judgements;     // made before anybody was called
    std::set<Flow> flows;                  // that it is one of
    bool allows(int status, int warning) const;
};

// A phone that registered.
struct Enrolled {
    int place = 0;
    int user = 0;
    int number = 0;
    Scheme contact = Scheme::Sip;
};

// How media passes between two sides.
enum class MediaWay { Bypass, Anchored, None };
MediaWay media_way(const Topology& topology, const Place& from, const Place& to);
// How the engine describes to one side what comes from another.
Media offered_by_engine(Media media, const Place& from, const Place& to);
// Whether a phone may call: it is known by its connection, or by its password.
bool may_call(const Place& place, int user, const std::vector<Enrolled>& enrolled);
// What comes of the REGISTER of a phone that is there from the beginning.
Expectation expect_enrollment(const Topology& topology, const Place& place, int user,
                              Scheme contact);

// An INVITE with Replaces, and the call that it names.
struct Replacement {
    const Place& newcomer;
    Scheme scheme = Scheme::Sip;  // of its Request-URI
    const Place& replaced;
    const Place& remaining;
    Scheme remaining_scheme = Scheme::Sip;
    bool replaces_caller = false;
};
// The final status of it: 200 if it may.
int expect_replacement(const Plan& plan, const Topology& topology,
                       const std::vector<Enrolled>& enrolled, const Replacement& replacement);

Expectation expect(const Plan& plan, const Topology& topology,
                   const std::vector<Enrolled>& enrolled);

}  // namespace ringwall::simulation
