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
    TransferFailed
};
inline constexpr std::array<std::string_view, 8> flow_names{
    "subscription",        "secure subscription", "vanished",           "replaced",
    "replacement refused", "transferred",         "secure transferred", "transfer failed"};

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
    std::set<Ending> endings;
    std::map<int, std::set<Scheme>> legs;  // by place: with what scheme it may be called
    std::vector<Judgement> judgements;     // made before anybody was called
    bool allows(int status, int warning) const;
};

// A phone that registered.
struct Enrolled {
    int place = 0;
    int user = 0;
    int number = 0;
    Scheme contact = Scheme::Sip;
};

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
int expect_replacement(const Plan& plan, const Topology& topology, const Replacement& replacement);

Expectation expect(const Plan& plan, const Topology& topology,
                   const std::vector<Enrolled>& enrolled);

}  // namespace ringwall::simulation
