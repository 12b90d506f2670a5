// Looks at every packet between the border controller and the rest, at every step, and says what is
// wrong with it. It knows the topology, the plans and what the oracle says of them; what the border
// controller thinks is not asked.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenario/sim_network.h"
#include "simulation/oracle.h"
#include "sip/message.h"

namespace ringwall::simulation {

struct Violation {
    std::string check;  // which one: "secure-call-on-untrusted-leg" ...
    std::string text;
};

class Watch {
public:
    // `is_strict`: nothing is lost or cut, so it is known how calls end.
    Watch(const Topology& topology, const std::vector<Plan>& plans,
          const std::vector<Enrolled>& enrolled, bool is_strict);

    // What came since the last look.
    void look(const std::vector<test::SimNetwork::Packet>& packets);
    // When all is quiet.
    void finish();
    void complain(const std::string& check, const Plan* plan, const std::string& text);
    // Nothing is begun with who is there from now on: its registrar does not want it.
    void bar(const IpAddress& address) { barred_.insert(address); }
    void note(const Expectation& expectation);  // of what was judged, and is in no plan
    const std::optional<Violation>& violation() const { return violation_; }
    const Tally& tally() const { return tally_; }

private:
    struct Leg {
        int plan = -1;
        int place = 0;
        bool is_caller = false;
        Scheme scheme = Scheme::Sip;
        std::uint32_t invite_cseq = 0;
        bool is_up = false;
        bool bye_owed = false;
        std::set<std::string, std::less<>> up;     // tags of 2xx: surplus ones have their own
        std::set<std::string, std::less<>> ended;  // tags of who hung up, or was told to
        bool bye_seen() const;
    };
    struct Story {  // of a plan
        bool is_begun = false;
        bool is_registration_retried = false;
        int status = 0;
        int warning = 0;
        std::string ending;  // the response
        // Who remained when a REFER was obeyed here, by the step of the plan: places.
        std::map<int, std::vector<int>> referred;
        std::vector<std::string> legs;  // Call-IDs
    };
    struct Newcomer {  // by Replaces
        int plan = -1;
        int place = 0;
        Scheme scheme = Scheme::Sip;
        std::uint32_t cseq = 0;
        std::optional<int> expected;  // final status; none: it depends
        bool may_succeed = true;      // whatever it depends on
    };
    struct Asked {       // a request within a dialog, by Call-ID, CSeq and method
        int status = 0;  // of the answer that is owed
        std::optional<Judgement> judgement;
    };

    void look(const test::SimNetwork::Packet& packet, std::string bytes);
    void outgoing(const Place& place, const sip::Message& message, const IpAddress& to);
    void incoming(const Place& place, const sip::Message& message);
    void came_to_replace(const Place& place, const sip::Message& invite);
    void sent_to_newcomer(const Place& place, const sip::Message& message, Newcomer& newcomer);
    void sent_for_newcomer(const Place& place, const sip::Message& request);
    void odd(const Place& place, const sip::Message& message);
    void called(const Place& place, const sip::Message& invite);
    void called_for_refer(const Place& place, const sip::Message& invite, const Plan& plan);
    void told_of_refer(const Place& place, const sip::Message& notify, const Plan& plan);
    void sent_in_call(const Place& place, const sip::Message& message, Leg& leg);
    void check_reason(const sip::Message& response, const Leg& leg);
    void final_to_caller(const sip::Message& response, Leg& leg);
    void check_secrets(const Place& place, const sip::Message& message);
    void check_claims(const Place& place, const sip::Message& message);
    void check_identity(const Place& place, const sip::Message& message);
    void check_credentials(const Place& place, const sip::Message& message);
    void check_challenges(const Place& place, const sip::Message& message);
    void check_media(const Place& place, const sip::Message& message);
    void check_offer(const Place& place, const sip::Message& invite, const Plan& plan);
    void check_media_way(const Place& place, const sip::Message& message, int plan,
                         std::optional<bool> is_caller);
    void registered_behind(const Place& place, const sip::Message& message);
    const Place* phones_of(std::string_view domain) const;
    void check_topology(const Place& place, const sip::Message& message);
    void check_contact(const sip::Message& message, const Leg& leg);
    void came_in_call(const sip::Message& message, Leg& leg);
    void refreshed(const sip::Message& message, Leg& leg, Event event);
    void referred(const sip::Message& refer, const Leg& leg);
    void check_refer(const sip::Message& message, const Plan& plan);
    void redirected(const sip::Message& response, const Leg& leg);
    void end_is_owed(const Plan& plan);
    const Plan& plan_of(const Leg& leg) const { return plans_[static_cast<std::size_t>(leg.plan)]; }
    Story& story_of(int plan) { return stories_[static_cast<std::size_t>(plan)]; }
    const Expectation& expectation_of(int plan);
    void finish_plan(const Plan& plan);

    const Topology& topology_;
    const std::vector<Plan>& plans_;
    const std::vector<Enrolled>& enrolled_;
    bool is_strict_;
    std::size_t seen_ = 0;
    std::vector<std::optional<Expectation>> expectations_;
    std::vector<Story> stories_;
    std::map<std::string, Leg, std::less<>> legs_;            // by Call-ID
    std::map<std::string, Newcomer, std::less<>> newcomers_;  // by Call-ID
    std::map<std::string, Asked> asked_;
    std::set<IpAddress> barred_;
    std::optional<Violation> violation_;
    Tally tally_;
};

}  // namespace ringwall::simulation
