// The admission policy (`cac-policy-set`): who is refused, by which limit and with which answer;
// and that a call that is up is touched by none.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// `lines` of a policy that is in use.
std::string with_policy(std::string_view lab, const std::string& lines) {
    return std::string(lab) + "  cac-policy-set 1\n   first-cac-table LIMITS\n" + lines +
           "  active-cac-policy-set 1\n";
}

std::string limited(const std::string& table, const std::string& entry) {
    return with_policy(three_trunks, "   cac-table LIMITS\n    " + table + "\n" + entry);
}

std::string calls_of(const std::string& adjacency, const std::string& table = "src-adjacency") {
    return limited("table-type limit " + table,
                   "    entry 1\n     match-value " + adjacency + "\n     max-num-calls 1\n");
}

std::string value_of(const sip::Message& message, HeaderName name) {
    const sip::HeaderLine* const line = message.header(name);
    return line == nullptr ? "" : std::string(line->value);
}

class Admission : public Trunks {
protected:
    explicit Admission(const std::string& configuration) : Trunks(configuration) {}

    // The final status of a call to `uri`, which another one at that end may be up beside.
    int call(Phone& caller, const std::string& uri) {
        const std::size_t before = finals(caller);
        caller.invite(uri);
        EXPECT_TRUE(run_until([&] { return finals(caller) > before; }));
        net.run_for(1s);
        return caller.last_response("INVITE")->status();
    }
    static std::size_t finals(const Phone& caller) {
        const auto all = caller.statuses("INVITE");
        return static_cast<std::size_t>(
            std::ranges::count_if(all, [](int status) { return status >= 200; }));
    }
    sbc::CallRecord last_record() const {
        return border.records.empty() ? sbc::CallRecord{} : border.records.back();
    }
};

// ---- calls that are up --------------------------------------------------------------------------

class OneCallFromWest : public Admission {
protected:
    OneCallFromWest() : Admission(calls_of("west")) {}
};

TEST_F(OneCallFromWest, IsAllThatThereMayBeUntilItIsOver) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    const auto first = west.dialog();
    const std::size_t before = sent_to(east);
    const std::size_t before_north = sent_to(north);
    EXPECT_EQ(call(west, "sip:2@east.example"), 503);
    EXPECT_NE(value_of(*west.last_response("INVITE"), HeaderName::RetryAfter), "");
    EXPECT_EQ(sent_to(east), before);
    EXPECT_EQ(sent_to(north), before_north);
    EXPECT_EQ(last_record().result, "refused");
    EXPECT_EQ(last_record().cause, sbc::FailureCause::CacCallLimit);
    EXPECT_EQ(last_record().stage, "admit");
    EXPECT_EQ(last_record().decisions.limit(), sbc::CacLimit::MaxNumCalls);
    EXPECT_THAT(last_record().reason, HasSubstr("max-num-calls 1 of entry 1 in cac-table LIMITS"));
    EXPECT_EQ(border.sbc().counters().value("rejected", "admit"), 1U);

    west.resume(*first);
    west.reinvite();
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 2; }));
    net.run_for(1s);
    EXPECT_EQ(west.last_response("INVITE")->status(), 200);
    west.bye();
    ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 0; }));
    EXPECT_EQ(call(west, "sip:3@east.example"), 200);
    west.bye();
}

TEST_F(OneCallFromWest, DoesNotCountThoseOfOthers) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    EXPECT_EQ(call(north, "sip:1@west.example"), 200);
    EXPECT_EQ(call(east, "sip:1@west.example"), 200);
    border.sbc().end_all("test");
}

TEST_F(OneCallFromWest, IsFreeAgainAfterOneThatFailed) {
    east.on_invite = north.on_invite = Phone::OnInvite::Reject;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(call(west, "sip:1@east.example"), 486);
    }
}

TEST_F(OneCallFromWest, IsFreeAgainAfterACancel) {
    east.on_invite = Phone::OnInvite::Ring;
    west.invite("sip:1@east.example");
    ASSERT_TRUE(run_until([&] { return east.count("INVITE") == 1; }));
    net.run_for(1s);
    west.cancel();
    ASSERT_TRUE(run_until([&] { return border.sbc().calls() == 0; }));
    east.on_invite = Phone::OnInvite::Answer;
    EXPECT_EQ(call(west, "sip:2@east.example"), 200);
    west.bye();
}

TEST_F(OneCallFromWest, IsFreeAgainAfterOneThatWasForgotten) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    border.sbc().end_all("test");
    net.run_for(40s);
    EXPECT_EQ(border.status("west").calls, 0U);
    // No new calls after end_all; the count itself is what is looked at.
    const auto& set = *border.snapshot().cac_policy;
    EXPECT_THAT(border.admissions().usage(set.tables[0], set.tables[0].entries[0]), IsEmpty());
}

// A limit is changed while calls are up: those count, whatever it was when they began.
TEST_F(OneCallFromWest, MayBeTwoAsSoonAsItIsCommitted) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    std::string more = calls_of("west");
    more.replace(more.find("max-num-calls 1"), 15, "max-num-calls 2");
    border.publish(more);
    ASSERT_EQ(call(west, "sip:2@east.example"), 200);
    EXPECT_EQ(call(west, "sip:3@east.example"), 503);
    border.publish(std::string(three_trunks));
    EXPECT_EQ(call(west, "sip:4@east.example"), 200);
    border.sbc().end_all("test");
}

TEST_F(OneCallFromWest, IsSaidByExplainBeforeAnybodyCalls) {
    const sbc::ExplainQuestion question{border.index_of("west"), "", "sip:1@east.example"};
    EXPECT_EQ(border.worker(0).explain(question).end, sbc::Explanation::End::Called);
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    const auto what = border.worker(0).explain(question);
    EXPECT_EQ(what.end, sbc::Explanation::End::Refused);
    EXPECT_EQ(what.status, 503);
    EXPECT_EQ(what.decisions.limit(), sbc::CacLimit::MaxNumCalls);
    west.bye();
}

class EmergencyCalls : public Admission {
protected:
    EmergencyCalls()
        : Admission([] {
              std::string out = calls_of("west");
              out.insert(out.find("  cac-policy-set"), "  emergency-number 110 112\n");
              return out;
          }()) {}
};

TEST_F(EmergencyCalls, AreRefusedByNoLimit) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    EXPECT_EQ(call(west, "sip:112@east.example"), 200);
    EXPECT_EQ(call(west, "sip:1-1-0@east.example;user=phone"), 200);
    EXPECT_EQ(call(west, "sip:1120@east.example"), 503);
    border.sbc().end_all("test");
}

// `--drain`.
TEST_F(EmergencyCalls, AreTakenWhileOthersHaveTimeToEnd) {
    border.sbc().refuse_calls();
    EXPECT_EQ(call(west, "sip:112@east.example"), 200);
    const std::size_t before = sent_to(east);
    EXPECT_EQ(call(west, "sip:1@east.example"), 503);
    EXPECT_EQ(sent_to(east), before);
    for (std::size_t i = 0; i < border.worker_count(); ++i) {
        border.worker(i).refuse_calls(sbc::policy::NewCalls::None);
    }
    EXPECT_EQ(call(west, "sip:112@east.example"), 503);
    EXPECT_EQ(sent_to(east), before);
    border.sbc().end_all("test");
}

// ---- where calls leave --------------------------------------------------------------------------

class OneCallToEast : public Admission {
protected:
    OneCallToEast() : Admission(calls_of("east", "dst-adjacency")) {}
};

TEST_F(OneCallToEast, AndTheNextOneGoesTheNextWay) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    const std::size_t before = sent_to(east);
    ASSERT_EQ(call(west, "sip:2@east.example"), 200);
    EXPECT_EQ(sent_to(east), before);
    EXPECT_EQ(north.count("INVITE"), 1U);
    border.sbc().end_all("test");
}

TEST_F(OneCallToEast, IsGivenBackWhenTheCallGoesOnElsewhere) {
    east.on_invite = Phone::OnInvite::Reject;
    east.reject_status = 500;
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    EXPECT_EQ(north.count("INVITE"), 1U);
    east.on_invite = Phone::OnInvite::Answer;
    ASSERT_EQ(call(west, "sip:2@east.example"), 200);
    EXPECT_EQ(east.count("INVITE"), 2U);
    border.sbc().end_all("test");
}

class OneCallOut : public Admission {
protected:
    OneCallOut()
        : Admission(limited("table-type policy-set",
                            "    entry 1\n     cac-scope dst-adjacency\n     max-num-calls 1\n")) {}
};

TEST_F(OneCallOut, OfEachAdjacencyAndThenThereIsNoWay) {
    ASSERT_EQ(call(west, "sip:1@east.example"), 200);
    ASSERT_EQ(call(west, "sip:2@east.example"), 200);
    const std::size_t before = sent_to(east) + sent_to(north);
    EXPECT_EQ(call(west, "sip:3@east.example"), 480);
    EXPECT_EQ(sent_to(east) + sent_to(north), before);
    EXPECT_EQ(last_record().cause, sbc::FailureCause::CacCallLimit);
    EXPECT_EQ(last_record().reason,
              "max-num-calls 1 of entry 1 in cac-table LIMITS (dst-adjacency)");
    EXPECT_EQ(west.last_response("INVITE")->reason(), "Temporarily Unavailable");
    ASSERT_THAT(last_record().decisions.targets(), SizeIs(2));
    EXPECT_EQ(last_record().decisions.targets()[0].limit(), sbc::CacLimit::MaxNumCalls);
    EXPECT_EQ(border.sbc().counters().value("refused_targets", "max-num-calls"), 3U);
    border.sbc().end_all("test");
}

// ---- rates --------------------------------------------------------------------------------------

class TwoCallsAMinute : public Admission {
protected:
    TwoCallsAMinute()
        : Admission(limited("table-type policy-set",
                            "    entry 1\n     cac-scope src-address\n     max-call-rate 2\n")) {}
};

TEST_F(TwoCallsAMinute, AndTheThirdHearsWhenToComeAgain) {
    east.on_invite = north.on_invite = Phone::OnInvite::Reject;
    EXPECT_EQ(call(west, "sip:1@east.example"), 486);
    EXPECT_EQ(call(west, "sip:1@east.example"), 486);
    const std::size_t before = sent_to(east);
    EXPECT_EQ(call(west, "sip:1@east.example"), 503);
    EXPECT_EQ(sent_to(east), before);
    EXPECT_EQ(last_record().cause, sbc::FailureCause::CacRateLimit);
    const int seconds = std::stoi(value_of(*west.last_response("INVITE"), HeaderName::RetryAfter));
    EXPECT_GT(seconds, 20);
    EXPECT_LE(seconds, 30);
    net.run_for(std::chrono::seconds(seconds));
    EXPECT_EQ(call(west, "sip:1@east.example"), 486);
}

// ---- registrations ------------------------------------------------------------------------------

class OneRegistration : public SmallLab {
protected:
    OneRegistration()
        : SmallLab(with_policy(small_lab,
                               "   cac-table LIMITS\n    table-type limit src-adjacency\n"
                               "    entry 1\n     match-value phones\n     max-regs 1\n")) {}
};

TEST_F(OneRegistration, StaysAndIsRefreshed) {
    alice.register_now();
    ASSERT_TRUE(run_until([&] { return alice.is_registered(); }));
    bob.register_now();
    ASSERT_TRUE(run_until([&] {
        return !bob.statuses("REGISTER").empty() && bob.statuses("REGISTER").back() == 503;
    }));
    EXPECT_NE(value_of(*bob.last_response("REGISTER"), HeaderName::RetryAfter), "");
    EXPECT_FALSE(bob.is_registered());
    alice.register_now();
    net.run_for(1s);
    EXPECT_EQ(alice.statuses("REGISTER").back(), 200);
    alice.unregister();
    net.run_for(1s);
    bob.register_now();
    ASSERT_TRUE(run_until([&] { return bob.is_registered(); }));
}

// Contacts are counted, not REGISTERs: neither does one bring as many as it likes, nor who is
// registered already.
class ThreeContacts : public SmallLab {
protected:
    ThreeContacts()
        : SmallLab(with_policy(small_lab,
                               "   cac-table LIMITS\n    table-type limit src-adjacency\n"
                               "    entry 1\n     match-value phones\n     max-regs 3\n"
                               "     max-reg-rate 1\n")) {}
    // The last answer to a REGISTER with these; "-c" is to be removed.
    int bind(const std::vector<std::string>& contacts) {
        std::string value;
        for (const std::string& each : contacts) {
            const bool is_over = each.starts_with("-");
            value += (value.empty() ? "<sip:" : ", <sip:") + each.substr(is_over ? 1 : 0) +
                     "@192.0.2.10>" + (is_over ? ";expires=0" : "");
        }
        alice.send("REGISTER", "sip:example.com", {{"Contact", value}});
        net.run_for(1s);
        return alice.statuses("REGISTER").back();
    }
    std::size_t bound() {
        return border.sbc().location().find("alice@example.com", net.now().monotonic).size();
    }
};

TEST_F(ThreeContacts, AreAllThatOneRegisterMayBring) {
    EXPECT_EQ(bind({"a", "b", "c", "d"}), 503);
    EXPECT_NE(value_of(*alice.last_response("REGISTER"), HeaderName::RetryAfter), "");
    EXPECT_EQ(bound(), 0U);
    EXPECT_EQ(bind({"a", "b", "c"}), 200);
    EXPECT_EQ(bound(), 3U);
}

TEST_F(ThreeContacts, AreAllThatSomebodyMayHaveWhoIsRegistered) {
    EXPECT_EQ(bind({"a", "b"}), 200);
    EXPECT_EQ(bind({"c", "d"}), 503);
    EXPECT_EQ(bound(), 2U);
    EXPECT_EQ(bind({"c"}), 200);
    EXPECT_EQ(bind({"a", "b", "c"}), 200);
    EXPECT_EQ(bind({"a", "d"}), 503);
    EXPECT_EQ(bind({"-a", "d"}), 200);
    EXPECT_EQ(bound(), 3U);
}

// ---- many at once -------------------------------------------------------------------------------

// The workers have one count: of callers at four of them, together.
class FourWorkersOneLimit : public ::testing::Test {
protected:
    FourWorkersOneLimit()
        : border(net,
                 with_policy(configured(three_trunks, "west",
                                        {"remote-address ipv4 192.0.2.128 255.255.255.128"}),
                             "   cac-table LIMITS\n    table-type limit src-adjacency\n"
                             "    entry 1\n     match-value west\n     max-num-calls 5\n"),
                 11, 4),
          east(net, ip("192.0.2.50"), sip::Transport::Udp, {ip("192.0.2.5"), 5060},
               {"east", "east.example", ""}, 200) {}

    SimNetwork net;
    Border border;
    Phone east;
};

TEST_F(FourWorkersOneLimit, IsExact) {
    std::vector<std::unique_ptr<Phone>> callers;
    std::set<std::size_t> workers;
    for (unsigned i = 0; i < 20; ++i) {
        const IpAddress address = ip(("192.0.2." + std::to_string(130 + i)).c_str());
        workers.insert(SimNetwork::chosen({address, 5060}, 4));
        callers.push_back(std::make_unique<Phone>(
            net, address, sip::Transport::Udp, Endpoint{ip("192.0.2.4"), 5060},
            Phone::Account{"w" + std::to_string(i), "west.example", ""}, 300 + i));
    }
    EXPECT_EQ(workers.size(), 4U);
    for (const auto& each : callers) {
        each->invite("sip:1@east.example");
    }
    net.run_for(5s);
    std::map<int, int> answers;
    for (const auto& each : callers) {
        ++answers[each->last_response("INVITE")->status()];
    }
    EXPECT_THAT(answers, ElementsAre(std::pair(200, 5), std::pair(503, 15)));
    EXPECT_EQ(east.count("INVITE"), 5U);
    border.sbc().end_all("test");
    net.settle();
    EXPECT_TRUE(border.sbc().is_empty());
    callers.clear();
}

}  // namespace
}  // namespace ringwall::test
