#include "phone/dial_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace ringwall::phone {
namespace {

DialPlan plan_of(std::string_view text) {
    auto plan = DialPlan::parse(text);
    EXPECT_TRUE(plan) << text << ": " << plan.error();
    return *plan;
}

std::string told(const DialResult& result) {
    if (const auto* const failure = std::get_if<DialFailure>(&result)) {
        return *failure == DialFailure::Barred ? "barred" : "invalid";
    }
    const auto& number = std::get<DialledNumber>(result);
    std::string out = number.number;
    if (!number.gateway.empty()) {
        out.append("@").append(number.gateway);
    }
    if (number.address) {
        out.append("@").append(number.address->to_string());
    }
    return out;
}

// A number being dialled on a plan with timers of 10 s and 3 s. What happens is told in words.
class Dialling {
public:
    explicit Dialling(std::string_view plan) : Dialling(plan_of(plan)) {}
    explicit Dialling(DialPlan plan) : plan_(std::make_unique<DialPlan>(std::move(plan))) {
        restart();
    }

    // "…" while more is awaited, "♪" for outside dial tone.
    std::string press(std::string_view keys) {
        std::string out;
        for (const char key : keys) {
            now_ += 100ms;
            events_.clear();
            collector_->on_key(key, now_, events_);
            out.append(heard());
        }
        return collector_->is_over() ? out : out + "...";
    }
    // Waits for the timer; says how long, and what came.
    std::string wait() {
        if (collector_->next() == TimePoint::max()) {
            return "no timer";
        }
        const Duration waited = collector_->next() - now_;
        events_.clear();
        collector_->on_time(collector_->next() - 1us, events_);
        EXPECT_TRUE(events_.empty());
        now_ = collector_->next();
        collector_->on_time(now_, events_);
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(waited).count()) +
               "s " + heard();
    }
    std::string at_start() {
        restart();
        return heard() + (collector_->is_over() ? "" : "...");
    }

private:
    void restart() {
        collector_ = std::make_unique<DialCollector>(*plan_, 10s, 3s);
        events_.clear();
        collector_->start(now_, events_);
    }
    std::string heard() {
        std::string out;
        for (const auto& event : events_) {
            const auto* const result = std::get_if<DialResult>(&event);
            out.append(result == nullptr ? "tone " : told(*result));
        }
        return out;
    }

    std::unique_ptr<DialPlan> plan_;
    std::unique_ptr<DialCollector> collector_;
    std::vector<DialCollector::Event> events_;
    TimePoint now_{};
};

constexpr std::string_view usual =
    "(*xx|[3469]11|0|00|[2-9]xxxxxx|1xxx[2-9]xxxxxxS0|xxxxxxxxxxxx.)";

// "0-9 * #: that key", "x: any digit", "[2-9]: one key of the set"; white space is ignored.
TEST(DialPlan, KeysMatch) {
    EXPECT_EQ(Dialling("( 1 2 * # )").press("12*#"), "12*#");
    EXPECT_EQ(Dialling("(xx)").press("57"), "57");
    EXPECT_EQ(Dialling("(xx)").press("5*"), "invalid");
    EXPECT_EQ(Dialling("([2-4]1)").press("31"), "31");
    EXPECT_EQ(Dialling("([2-4]1)").press("5"), "invalid");
    EXPECT_EQ(Dialling("([35-8*]1)").press("*1"), "*1");
    EXPECT_EQ(Dialling("([35-8*]1)").press("71"), "71");
    EXPECT_EQ(Dialling("([35-8*]1)").press("4"), "invalid");
}

// "no candidate left: reject"
TEST(DialPlan, RejectsWhatFitsNothing) {
    EXPECT_EQ(Dialling("(12|13)").press("14"), "invalid");
    EXPECT_EQ(Dialling(usual).press("*123"), "*12") << "complete, and nothing else is possible";
}

// "one candidate complete: send"
TEST(DialPlan, SendsWhenComplete) {
    EXPECT_EQ(Dialling(usual).press("2345678"), "...");
    EXPECT_EQ(Dialling("(911|[2-8]xx)").press("911"), "911");
}

// "Short (3 s) when a candidate is complete but others remain", "Long (10 s) while nothing is".
TEST(DialPlan, TimersAreLongOrShort) {
    Dialling zero(usual);
    EXPECT_EQ(zero.press("0"), "...");
    EXPECT_EQ(zero.wait(), "3s 0");
    Dialling two(usual);
    EXPECT_EQ(two.press("00"), "...");
    EXPECT_EQ(two.wait(), "3s 00");
    Dialling four(usual);
    EXPECT_EQ(four.press("4"), "...");
    EXPECT_EQ(four.wait(), "10s 4") << "as dialled: it is incomplete";
    Dialling three(usual);
    EXPECT_EQ(three.press("411"), "...");
    EXPECT_EQ(three.wait(), "3s 411");
}

// ".: previous element repeated 0..n"
TEST(DialPlan, DotsRepeat) {
    Dialling one("(x.)");
    EXPECT_EQ(one.press("1"), "...");
    EXPECT_EQ(one.wait(), "3s 1");
    Dialling many("(01x.)");
    EXPECT_EQ(many.press("0144207946"), "...");
    EXPECT_EQ(many.wait(), "3s 0144207946");
    EXPECT_EQ(Dialling("(1[23].4)").press("12324"), "12324");
    EXPECT_EQ(Dialling("(1[23].4)").press("14"), "14");
    EXPECT_EQ(Dialling("(x.)").press("1*"), "invalid");
    EXPECT_EQ(Dialling("(x.)").at_start(), "...") << "nothing is not a number";
}

// "<dialled:sent>: replace; either side may be empty"
TEST(DialPlan, Replaces) {
    EXPECT_EQ(Dialling("(<:1408>xxx)").press("555"), "1408555");
    EXPECT_EQ(Dialling("(<8:>xxx)").press("8555"), "555");
    EXPECT_EQ(Dialling("(<8:1650>xxx)").press("8555"), "1650555");
    EXPECT_EQ(Dialling("(<[23]x:+>xxx)").press("24555"), "+555");
    EXPECT_EQ(Dialling("(xx<12:99>4)").press("55124"), "55994");
    EXPECT_EQ(Dialling("(<00:+>x.)").press("0049"), "...");
}

// "timeout: send as dialled if incomplete, transformed if complete"
TEST(DialPlan, TimeoutSendsAsDialledOrTransformed) {
    Dialling incomplete("(<9:>xxxx.)");
    EXPECT_EQ(incomplete.press("912"), "...");
    EXPECT_EQ(incomplete.wait(), "10s 912");
    Dialling complete("(<9:>xxx.)");
    EXPECT_EQ(complete.press("9123"), "...");
    EXPECT_EQ(complete.wait(), "3s 123");
}

// ",: play outside dial tone after this point"
TEST(DialPlan, CommaPlaysTheOutsideDialTone) {
    EXPECT_EQ(Dialling("(<9:>,xxx|9)").press("9123"), "tone 123");
    EXPECT_EQ(Dialling("(9,8,x)").press("981"), "tone tone 981");
    EXPECT_EQ(Dialling("(9,x|8x)").press("81"), "81");
}

// "!: (at end) bar the sequence"
TEST(DialPlan, Bars) {
    EXPECT_EQ(Dialling("(1900xxx!|1xxxxxx)").press("1900123"), "barred");
    EXPECT_EQ(Dialling("(1900xxx!|1xxxxxx)").press("1800123"), "1800123");
    Dialling longer("(1900x.!)");
    EXPECT_EQ(longer.press("19001"), "...");
    EXPECT_EQ(longer.wait(), "3s barred");
    EXPECT_EQ(Dialling("(1900x.!)").press("19001#"), "barred");
}

// "S0, Sn, Ln inside a sequence: timer override for that sequence; S0 = send at once"
TEST(DialPlan, SequencesHaveTheirTimers) {
    EXPECT_EQ(Dialling(usual).press("14085551212"), "14085551212");
    EXPECT_EQ(Dialling("(xx.|911S0)").press("911"), "911") << "before others that are complete";
    Dialling six("(12S6|123)");
    EXPECT_EQ(six.press("12"), "...");
    EXPECT_EQ(six.wait(), "6s 12");
    Dialling fifteen("(12345L15)");
    EXPECT_EQ(fifteen.press("12"), "...");
    EXPECT_EQ(fifteen.wait(), "15s 12");
    Dialling two("(12345L2|12399)");
    EXPECT_EQ(two.press("12"), "...");
    EXPECT_EQ(two.wait(), "10s 12") << "the other one still has its time";
    EXPECT_EQ(two.wait(), "no timer");
}

// "P n at start of plan / (S0<:18005551212>): hot line / warm line"
TEST(DialPlan, HotAndWarmLines) {
    EXPECT_EQ(Dialling("(S0<:18005551212>)").at_start(), "18005551212");
    Dialling warm("(P5<:1000>|xx)");
    EXPECT_EQ(warm.at_start(), "...");
    EXPECT_EQ(warm.wait(), "5s 1000");
    Dialling used("(P5<:1000>|xx)");
    EXPECT_EQ(used.press("4"), "...");
    EXPECT_EQ(used.wait(), "10s 4");
    EXPECT_EQ(Dialling("(P5<:1000>|xx)").press("45"), "45");
    EXPECT_EQ(Dialling("(P0<:1000>|xx)").at_start(), "1000");
}

// "<:@gw0>, <:@host:port> suffix: route to gateway, address"
TEST(DialPlan, NamesTheGateway) {
    EXPECT_EQ(Dialling("(<9:>xxx<:@gw0>)").press("9123"), "123@gw0");
    EXPECT_EQ(Dialling("(xxx<:@gw.example:5070>)").press("123"), "123@gw.example:5070");
}

// "#: send"
TEST(DialPlan, HashEndsTheNumber) {
    EXPECT_EQ(Dialling(usual).press("4#"), "4");
    EXPECT_EQ(Dialling("(<9:>xxx.)").press("9123#"), "123");
    EXPECT_EQ(Dialling(usual).press("#"), "invalid");
    EXPECT_EQ(Dialling("(#xx)").press("#12"), "#12") << "where the plan has it, it is a key";
}

// "Vertical service codes are added to the plan automatically."
TEST(DialPlan, CodesAreTakenWhateverThePlan) {
    DialPlan plan = plan_of("(1xx)");
    EXPECT_EQ(told(plan.resolve("*72")), "invalid");
    plan.add_code("*72");
    plan.add_code("*017110");
    EXPECT_EQ(told(plan.resolve("*72")), "*72");
    EXPECT_EQ(Dialling(plan).press("*72"), "*72");
    EXPECT_EQ(Dialling(plan).press("*017110"), "*017110");
    EXPECT_EQ(Dialling(plan).press("123"), "123");
}

// "IP dialling: [user*]a*b*c*d[*port]; numeric user, port > 255, default 5060"
TEST(DialPlan, DialsAddresses) {
    DialPlan plan = plan_of(usual);
    EXPECT_EQ(told(plan.resolve("192*0*2*1")), "invalid");
    plan.set_ip_dialling(IpDialling::Enabled);
    EXPECT_EQ(told(plan.resolve("192*0*2*1")), "@192.0.2.1:5060");
    EXPECT_EQ(told(plan.resolve("201*192*0*2*1")), "201@192.0.2.1:5060");
    EXPECT_EQ(told(plan.resolve("192*0*2*1*5070")), "@192.0.2.1:5070");
    EXPECT_EQ(told(plan.resolve("201*192*0*2*1*5070")), "201@192.0.2.1:5070");
    for (const std::string_view wrong :
         {"192*0*2", "192*0*2*256", "192*0*2*1*", "*192*0*2*1", "192**0*2*1", "192*0*2*1*99999",
          "201*192*0*2*1*255", "1*2*192*0*2*1*5070", "0192*0*2*1"}) {
        EXPECT_EQ(told(plan.resolve(wrong)), "invalid") << wrong;
    }
    Dialling keys(plan);
    EXPECT_EQ(keys.press("192*0*2*1"), "...");
    EXPECT_EQ(keys.wait(), "3s @192.0.2.1:5060") << "complete, but a port could come";
    Dialling half(plan);
    EXPECT_EQ(half.press("192*0*2"), "...");
    EXPECT_EQ(half.wait(), "10s invalid");
    EXPECT_EQ(Dialling(plan).press("192*0*2*1*5070#"), "@192.0.2.1:5070");
    EXPECT_EQ(Dialling(plan).press("192**"), "invalid");
    EXPECT_EQ(Dialling(plan).press("2345678#"), "2345678") << "what is a number stays one";
}

TEST(DialPlan, ResolvesWholeNumbers) {
    const DialPlan plan = plan_of("(<9:>,xxx|[2-8]xx|911S0|1900x.!)");
    EXPECT_EQ(told(plan.resolve("9123")), "123");
    EXPECT_EQ(told(plan.resolve("234")), "234");
    EXPECT_EQ(told(plan.resolve("911")), "911");
    EXPECT_EQ(told(plan.resolve("19005")), "barred");
    EXPECT_EQ(told(plan.resolve("23")), "23") << "as dialled";
    EXPECT_EQ(told(plan.resolve("2345")), "invalid");
    EXPECT_EQ(told(plan.resolve("")), "invalid");
    EXPECT_EQ(told(plan.resolve("alice")), "invalid");
}

TEST(DialPlan, TakesNothingAfterItsEnd) {
    Dialling dialling("(12)");
    EXPECT_EQ(dialling.press("12"), "12");
    EXPECT_EQ(dialling.press("3#"), "");
    EXPECT_EQ(dialling.wait(), "no timer");
    EXPECT_EQ(Dialling("(12)").press("A1B2"), "12") << "there are no such keys here";
}

TEST(DialPlan, BadPlansAreNamedWithTheirOffset) {
    const auto wrong = [](std::string_view text) {
        const auto plan = DialPlan::parse(text);
        return plan ? "accepted" : plan.error();
    };
    EXPECT_EQ(wrong(""), "at 0: a plan begins with '('");
    EXPECT_EQ(wrong("xx"), "at 0: a plan begins with '('");
    EXPECT_EQ(wrong("(xx"), "at 3: a plan ends with ')'");
    EXPECT_EQ(wrong("(xx))"), "at 4: nothing follows ')'");
    EXPECT_EQ(wrong("()"), "at 1: a sequence is empty");
    EXPECT_EQ(wrong("(1||2)"), "at 3: a sequence is empty");
    EXPECT_EQ(wrong("(1|2|)"), "at 5: a sequence is empty");
    EXPECT_EQ(wrong("(1a)"), "at 2: there is no such key");
    EXPECT_EQ(wrong("(.1)"), "at 1: '.' repeats a key, and follows one");
    EXPECT_EQ(wrong("(1..)"), "at 3: '.' repeats a key, and follows one");
    EXPECT_EQ(wrong("([12)"), "at 4: there is no such key");
    EXPECT_EQ(wrong("([12"), "at 1: '[' is not closed");
    EXPECT_EQ(wrong("([])"), "at 2: a set has at least one key");
    EXPECT_EQ(wrong("([9-2])"), "at 4: a range goes from a digit up to a digit");
    EXPECT_EQ(wrong("([-2])"), "at 3: a range goes from a digit up to a digit");
    EXPECT_EQ(wrong("(<1)"), "at 3: there is no such key");
    EXPECT_EQ(wrong("(<1>2)"), "at 3: a substitution is <keys:text>");
    EXPECT_EQ(wrong("(<1:2)"), "at 5: the text of a substitution ends with '>'");
    EXPECT_EQ(wrong("(<1:2"), "at 1: '<' is not closed");
    EXPECT_EQ(wrong("(1!2)"), "at 3: nothing follows '!' in a sequence");
    EXPECT_EQ(wrong("(1S)"), "at 2: S, L and P are followed by seconds from 0 to 99");
    EXPECT_EQ(wrong("(1L100)"), "at 2: S, L and P are followed by seconds from 0 to 99");
    EXPECT_EQ(wrong("(1P5)"), "at 2: P stands at the start of a sequence");
}

// Many candidates at once stay few: one for each place in the plan.
TEST(DialPlan, LongPlansAndNumbersAreBounded) {
    std::string text = "(";
    for (int i = 0; i < 300; ++i) {
        text.append("x.x.x.|");
    }
    text.append("x.)");
    const DialPlan plan = plan_of(text);
    const std::string longest(100, '5');
    EXPECT_EQ(told(plan.resolve(longest)), longest);
    EXPECT_EQ(told(plan.resolve(longest + "5")), "invalid");
    EXPECT_EQ(Dialling("(x.)").press(longest + "5"), "invalid");
}

}  // namespace
}  // namespace ringwall::phone
