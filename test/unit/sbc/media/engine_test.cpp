#include "sbc/media/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc::media {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view ok = "d6:result2:oke";

class EngineTest : public ::testing::Test {
protected:
    void SetUp() override {
        engine.start(now, out);
        reply("d6:result4:ponge");
    }
    // To what was sent last.
    void reply(std::string_view content) {
        const std::string& last = sent.empty() ? out.datagrams.back() : sent.back();
        const std::string cookie = last.substr(0, last.find(' '));
        collect();
        engine.on_datagram(cookie + " " + std::string(content), now, out);
        collect();
    }
    void collect() {
        sent.insert(sent.end(), out.datagrams.begin(), out.datagrams.end());
        outcomes.insert(outcomes.end(), out.outcomes.begin(), out.outcomes.end());
        out = {};
    }
    // From deadline to deadline.
    void pass(Duration duration) {
        const TimePoint until = now + duration;
        while (engine.next_deadline() <= until) {
            now = std::max(now, engine.next_deadline());
            engine.on_time(now, out);
            collect();
        }
        now = until;
    }
    Ticket ask(std::string_view session = "one") {
        const Ticket ticket = engine.ask(session, write_query(session), now, out);
        collect();
        return ticket;
    }
    std::size_t count(std::string_view command) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            sent, [&](const auto& each) { return each.find(command) != std::string::npos; }));
    }

    SeededRandom random{1};
    Engine engine{random};
    TimePoint now{};
    Engine::Actions out;
    std::vector<std::string> sent;
    std::vector<Engine::Outcome> outcomes;
};

TEST_F(EngineTest, TellsWhatWasAnswered) {
    const Ticket ticket = ask();
    EXPECT_FALSE(engine.is_idle());
    reply("d6:result2:ok3:sdp1:xe");
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].ticket, ticket);
    EXPECT_EQ(outcomes[0].reply->sdp, "x");
    EXPECT_TRUE(engine.is_idle());
    reply(ok);  // once more: it was doubled on its way
    EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(EngineTest, RepeatsWithTheSameCookie) {
    ask();
    const std::size_t before = sent.size();
    const std::string first = sent.back();
    pass(1800ms);
    EXPECT_EQ(sent.size(), before + 3);  // after 250, 750 and 1750 ms
    EXPECT_EQ(sent.back(), first);
    reply(ok);
    EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(EngineTest, GivesUpAndIsDownForAll) {
    ask("one");
    pass(1s);
    ask("two");
    pass(1s);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_FALSE(outcomes[0].reply);
    EXPECT_FALSE(outcomes[1].reply);
    EXPECT_FALSE(engine.is_up());
    const std::size_t before = count("query");
    ask("three");
    EXPECT_EQ(count("query"), before);
    EXPECT_EQ(outcomes.size(), 3U);
    EXPECT_TRUE(engine.is_idle());
}

// It was away for a moment, and one repetition fell into it.
TEST_F(EngineTest, IsNotDownForOneRequestWhileItAnswersOthers) {
    engine.forget("ended", now, out);
    collect();
    const std::string deletion = sent.back();
    pass(1900ms);
    ask("two");
    reply(ok);
    ask("three");
    pass(1s);
    EXPECT_TRUE(engine.is_up());
    EXPECT_EQ(outcomes.size(), 1U);
    reply(ok);
    pass(1s);
    EXPECT_EQ(std::ranges::count(sent, deletion), 5);  // after 250, 750, 1750 and 3750 ms
    ask("four");
    reply(ok);
    pass(200ms);  // 4.1 s after it was sent
    EXPECT_TRUE(engine.is_up());
    EXPECT_TRUE(engine.is_idle());
}

TEST_F(EngineTest, GivesUpARequestThatAloneIsNotAnswered) {
    const Ticket lost = ask("one");
    for (int i = 0; i < 3; ++i) {
        pass(1300ms);
        ask("two");
        reply(ok);
    }
    ASSERT_EQ(outcomes.size(), 3U);
    pass(100ms);
    ASSERT_EQ(outcomes.size(), 4U);
    EXPECT_EQ(outcomes.back().ticket, lost);
    EXPECT_FALSE(outcomes.back().reply);
    EXPECT_TRUE(engine.is_up());
}

// Two seconds after its last word, whatever it answered before.
TEST_F(EngineTest, IsDownWhenNothingMoreIsHeard) {
    ask("one");
    pass(1s);
    ask("two");
    reply(ok);
    pass(1990ms);
    EXPECT_TRUE(engine.is_up());
    pass(20ms);
    EXPECT_FALSE(engine.is_up());
    EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(EngineTest, IsUpAgainWhenItAnswersAPing) {
    pass(5s);
    EXPECT_FALSE(engine.is_up());
    reply("d6:result4:ponge");
    EXPECT_TRUE(engine.is_up());
    ask();
    reply(ok);
    EXPECT_TRUE(outcomes.back().reply);
}

TEST_F(EngineTest, IsPingedWhenNothingWasHeard) {
    const std::size_t before = count("ping");
    pass(1900ms);
    EXPECT_EQ(count("ping"), before);
    pass(200ms);
    EXPECT_EQ(count("ping"), before + 1);
}

TEST_F(EngineTest, ForgetsAfterWhatIsAsked) {
    engine.forget("other", now, out);
    collect();
    EXPECT_EQ(count("delete"), 1U);
    reply(ok);
    ask();
    engine.forget("one", now, out);
    collect();
    EXPECT_EQ(count("delete"), 1U);
    reply(ok);
    EXPECT_EQ(count("delete"), 2U);
    EXPECT_FALSE(engine.is_idle());
    reply(ok);
    EXPECT_TRUE(engine.is_idle());
}

TEST_F(EngineTest, IsNotMovedByWhatIsNotItsOwn) {
    ask();
    for (const std::string_view octets : {"", "x", "cookie d6:result2:oke", " d6:result2:oke"}) {
        engine.on_datagram(octets, now, out);
    }
    reply("i1e");  // the right cookie, and no reply
    EXPECT_TRUE(outcomes.empty());
    reply(ok);
    EXPECT_EQ(outcomes.size(), 1U);
}

}  // namespace
}  // namespace ringwall::sbc::media
