#include "sbc/console/server.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

#include "sbc/console/people.h"
#include "sbc/console/wire.h"
#include "unit/sbc/console/fake_dialogue.h"

namespace ringwall::sbc::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

// Counts who has gone.
class CountedDialogue : public FakeDialogue {
public:
    CountedDialogue(const User& user, int& gone) : FakeDialogue(user), gone_(gone) {}
    void on_gone() override { ++gone_; }

private:
    int& gone_;
};

class ConsoleServerTest : public testing::Test {
protected:
    ConsoleServerTest() {
        std::string name = testing::TempDir() + "ringwall-XXXXXX";
        folder = mkdtemp(name.data());
        auto made = Server::listen(
            loop, folder / "console",
            [this](const User& user) {
                users.push_back(user);
                return std::make_unique<CountedDialogue>(user, gone);
            },
            [this](uid_t uid) { return uid == geteuid() ? newcomer : std::nullopt; },
            [this](const std::string& who, const std::string& why) {
                refused.push_back(who + ": " + why);
            });
        EXPECT_TRUE(made) << made.error().sentence;
        server = std::move(*made);
    }
    ~ConsoleServerTest() override { std::filesystem::remove_all(folder); }

    class Client {
    public:
        explicit Client(ConsoleServerTest& test)
            : test_(test), stream_(std::move(*net::UnixStream::connect(test.folder / "console"))) {}
        void send(std::string_view octets) {
            stream_.queue(octets);
            stream_.flush();
            test_.settle();
        }
        // Reads what is there.
        bool is_open() {
            std::array<char, 65536> scratch{};
            std::size_t before = 0;
            do {
                before = received_.size();
                if (!stream_.receive(scratch, received_)) return false;
                test_.settle();
            } while (received_.size() != before);
            return true;
        }
        std::optional<Reply> reply() {
            is_open();
            const auto line = take_line(received_);
            return line ? parse_reply(*line) : std::nullopt;
        }
        std::vector<model::Suggestion> suggestions() {
            is_open();
            return parse_suggestions(take_line(received_).value_or(""))
                .value_or(std::vector<model::Suggestion>());
        }
        std::optional<Notice> notice() {
            is_open();
            return parse_notice(take_line(received_).value_or(""));
        }
        std::string say(const std::string& line) {
            send(to_wire(Request{Request::Kind::Line, line}));
            const auto answer = reply();
            return answer ? answer->output : "(nothing)";
        }

    private:
        ConsoleServerTest& test_;
        net::UnixStream stream_;
        std::string received_;
    };

    // Until nothing happens any more.
    void settle() {
        for (int i = 0; i < 1000 && loop.turn(Duration(0), [] {}) != 0; ++i) {
        }
    }
    Client connect() {
        Client client(*this);
        settle();
        return client;
    }

    net::Loop loop = std::move(*net::Loop::create());
    std::filesystem::path folder;
    std::optional<User> newcomer = User{"ops", Role::Operator, ""};
    std::vector<User> users;
    std::vector<std::string> refused;
    int gone = 0;
    std::unique_ptr<Server> server;
};

TEST_F(ConsoleServerTest, GreetsAndAnswersEachLine) {
    Client client = connect();
    const auto greeting = client.reply();
    ASSERT_TRUE(greeting);
    EXPECT_EQ(greeting->output, "welcome ops\n");
    EXPECT_EQ(greeting->prompt, "ringwall# ");
    EXPECT_EQ(client.say("show \"a b\" \xc3\xa9"), "1: show \"a b\" \xc3\xa9\n");
    client.send(to_wire(Request{Request::Kind::Line, "wrong"}));
    const auto answer = client.reply();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->failed);
    EXPECT_FALSE(answer->ended);
    ASSERT_EQ(users.size(), 1u);
    EXPECT_EQ(users[0].role, Role::Operator);
}

TEST_F(ConsoleServerTest, SuggestsWhatMayFollow) {
    Client client = connect();
    client.reply();
    client.send(to_wire(Request{Request::Kind::Suggest, "show sec"}));
    const auto suggestions = client.suggestions();
    ASSERT_EQ(suggestions.size(), 2u);
    EXPECT_EQ(suggestions[0].word, "security");
    EXPECT_EQ(suggestions[0].help, "How far the peer is trusted");
    EXPECT_TRUE(suggestions[0].is_literal);
    EXPECT_EQ(suggestions[1].word, "NAME");
    EXPECT_FALSE(suggestions[1].is_literal);
}

TEST_F(ConsoleServerTest, EachUserHasADialogueOfItsOwn) {
    Client first = connect();
    Client second = connect();
    first.reply();
    second.reply();
    first.send(to_wire(Request{Request::Kind::Line, "configure"}));
    EXPECT_THAT(first.reply()->prompt, "ringwall(config)# ");
    EXPECT_EQ(second.say("a"), "2: a\n");
    EXPECT_EQ(first.say("b"), "1: b\n");
    EXPECT_EQ(server->sessions(), 2u);
}

TEST_F(ConsoleServerTest, LinesComeInPiecesAndSeveralAtOnce) {
    Client client = connect();
    client.reply();
    client.send("{\"li");
    client.send("ne\": \"a\"}\n{\"line\":\"b\"}\n{\"line\"");
    client.send(":\"c\"}\n");
    EXPECT_EQ(client.reply()->output, "1: a\n");
    EXPECT_EQ(client.reply()->output, "1: b\n");
    EXPECT_EQ(client.reply()->output, "1: c\n");
}

TEST_F(ConsoleServerTest, ASessionEndsWithItsLastWord) {
    Client client = connect();
    client.reply();
    client.say("exit");
    client.send(to_wire(Request{Request::Kind::Line, "yes"}));
    EXPECT_FALSE(client.is_open());
    EXPECT_TRUE(client.reply()->ended);
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(server->sessions(), 0u);
}

TEST_F(ConsoleServerTest, ANumberOfASessionIsNotUsedTwice) {
    { const Client client = connect(); }
    settle();
    EXPECT_EQ(gone, 1);
    Client client = connect();
    client.reply();
    EXPECT_EQ(client.say("a"), "2: a\n");
}

// What is asked with the last words is still answered.
TEST_F(ConsoleServerTest, WhoSaysRubbishIsClosedAndNobodyElse) {
    Client other = connect();
    other.reply();
    int expected = 0;
    for (const char* rubbish :
         {"hello", "", "[]", "7", "{", "{}", R"({"line": 7})", R"({"lin": "a"})",
          R"({"line": "a", "suggest": "b"})", "{\"line\": \"\xff\"}", "GET / HTTP/1.1\r"}) {
        Client client = connect();
        client.reply();
        client.send(to_wire(Request{Request::Kind::Line, "a"}) + rubbish + "\n" +
                    to_wire(Request{Request::Kind::Line, "b"}));
        EXPECT_FALSE(client.is_open()) << rubbish;
        EXPECT_THAT(client.reply()->output, HasSubstr(": a\n")) << rubbish;
        EXPECT_FALSE(client.reply()) << rubbish;
        EXPECT_EQ(gone, ++expected) << rubbish;
    }
    EXPECT_EQ(other.say("a"), "1: a\n");
}

TEST_F(ConsoleServerTest, ALineIsNoDeeperThanWhatIsSaid) {
    Client client = connect();
    client.reply();
    const std::string deep(30'000, '[');
    client.send(R"({"line": )" + deep + std::string(deep.size(), ']') + "}\n");
    EXPECT_FALSE(client.is_open());
    Client other = connect();
    other.reply();
    EXPECT_THAT(other.say("a"), HasSubstr(": a\n"));
}

TEST_F(ConsoleServerTest, ALineHasALimit) {
    Client client = connect();
    client.reply();
    std::string longest = to_wire(Request{Request::Kind::Line, std::string(max_request, 'x')});
    longest.erase(20, longest.size() - max_request);  // with its end 65536 octets
    client.send(longest);
    EXPECT_TRUE(client.reply());
    // What never ends is not kept for ever.
    client.send(std::string(max_request, '{'));
    EXPECT_FALSE(client.is_open());
    Client another = connect();
    another.reply();
    another.send(longest.insert(20, "x"));
    EXPECT_FALSE(another.is_open());
    EXPECT_FALSE(another.reply());
}

TEST_F(ConsoleServerTest, ControlCharactersReachNoDialogueAndNoTerminal) {
    Client client = connect();
    client.reply();
    for (const char* line : {"a\nb", "a\x1b[2J", "a\x7f", "\x01"}) {
        EXPECT_EQ(client.say(line), "% A line may hold no control characters.\n");
    }
    client.send(to_wire(Request{Request::Kind::Suggest, "show\n"}));
    EXPECT_THAT(client.suggestions(), IsEmpty());
    EXPECT_EQ(client.say("a\tb"), "1: a\tb\n");
    EXPECT_EQ(parse_reply(to_wire(Reply{"\x1b[2J\tx\n", "\x07", false, false}))->output,
              "?[2J\tx\n");
}

TEST_F(ConsoleServerTest, WhatIsAnnouncedReachesEverybodyBetweenTheAnswers) {
    Client first = connect();
    Client second = connect();
    first.reply();
    second.reply();
    server->announce("% Alarm: the disk is \x1b full");
    for (Client* each : {&first, &second}) {
        const auto notice = each->notice();
        ASSERT_TRUE(notice);
        EXPECT_EQ(notice->text, "% Alarm: the disk is ? full");
        EXPECT_FALSE(notice->ended);
    }
    EXPECT_EQ(first.say("a"), "1: a\n");
    EXPECT_FALSE(parse_notice(to_wire(Reply{"x\n", "# "})));
    EXPECT_FALSE(parse_reply(to_wire(Notice{"x"})));
}

// Those who do not read as well: they would hold the candidate for ever.
TEST_F(ConsoleServerTest, ASessionIsEndedByAnother) {
    Client client = connect();
    Client other = connect();
    client.reply();
    ASSERT_EQ(server->open_sessions().size(), 2U);
    EXPECT_EQ(server->open_sessions()[0].user.session, "1");
    EXPECT_EQ(server->open_sessions()[0].user.name, "ops");
    EXPECT_FALSE(server->end_session("3", "why"));
    EXPECT_TRUE(server->end_session("1", "why"));
    EXPECT_EQ(gone, 1) << "at once";
    EXPECT_EQ(client.notice()->text, "why");
    EXPECT_FALSE(client.is_open());

    other.reply();
    other.send(to_wire(Request{Request::Kind::Line, "much 3000000"}));
    EXPECT_TRUE(server->end_session("2", "why"));
    EXPECT_EQ(gone, 2);
    EXPECT_EQ(server->sessions(), 0U);
}

TEST_F(ConsoleServerTest, WhoReadsSlowlyHoldsUpNobody) {
    Client slow = connect();
    Client other = connect();
    slow.reply();
    other.reply();
    slow.send(to_wire(Request{Request::Kind::Line, "much 3000000"}));
    EXPECT_EQ(other.say("a"), "2: a\n");
    const auto answer = slow.reply();
    ASSERT_TRUE(answer) << "it comes when it is read";
    EXPECT_EQ(answer->output.size(), 3'000'001u);
    EXPECT_EQ(slow.say("b"), "1: b\n");
}

TEST_F(ConsoleServerTest, WhoAsksOnAndDoesNotReadIsClosed) {
    Client slow = connect();
    Client other = connect();
    slow.reply();
    other.reply();
    for (int i = 0; i < 4; ++i) {
        slow.send(to_wire(Request{Request::Kind::Line, "much 3000000"}));
    }
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(server->sessions(), 1u);
    EXPECT_EQ(other.say("a"), "2: a\n");
}

TEST_F(ConsoleServerTest, WhoMayNotIsToldAndClosed) {
    newcomer = std::nullopt;
    Client client = connect();
    EXPECT_FALSE(client.is_open());
    const auto answer = client.reply();
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->output, HasSubstr("members of ringwall-admin"));
    EXPECT_TRUE(answer->failed);
    EXPECT_TRUE(answer->ended);
    EXPECT_THAT(refused, ElementsAre(HasSubstr(person_of(geteuid()).name + ": You may not use")));
    EXPECT_THAT(users, IsEmpty());
    EXPECT_EQ(server->sessions(), 0u);
}

TEST_F(ConsoleServerTest, NobodyKeepsTheOthersOut) {
    std::vector<Client> clients;
    const auto come = [&](const std::string& name, Role role) {
        newcomer = User{name, role, ""};
        clients.push_back(connect());
        return clients.back().reply()->output;
    };
    for (int i = 0; i < 8; ++i) {
        EXPECT_THAT(come("guest", Role::ReadOnly), HasSubstr("welcome"));
    }
    EXPECT_THAT(come("guest", Role::ReadOnly), HasSubstr("You have 8 sessions already"));
    EXPECT_THAT(refused, ElementsAre(HasSubstr("guest: You have 8 sessions already")));
    EXPECT_FALSE(clients.back().is_open());
    for (int i = 0; i < 16; ++i) {
        EXPECT_THAT(come("noc" + std::to_string(i), Role::Operator), HasSubstr("welcome"));
    }
    EXPECT_THAT(come("late", Role::Operator), HasSubstr("24 sessions already"));
    for (int i = 0; i < 8; ++i) {
        EXPECT_THAT(come("root" + std::to_string(i), Role::Administrator), HasSubstr("welcome"));
    }
    EXPECT_THAT(come("root", Role::Administrator), HasSubstr("32 sessions already"));
    clients.clear();
    settle();
    EXPECT_THAT(come("guest", Role::ReadOnly), HasSubstr("welcome"));
}

TEST_F(ConsoleServerTest, AllEndsWithTheServer) {
    Client client = connect();
    client.reply();
    server.reset();
    EXPECT_FALSE(client.is_open());
    EXPECT_EQ(gone, 1);
    EXPECT_FALSE(exists(folder / "console"));
}

TEST(ConsoleRole, IsOfTheGroupThatMayDoMost) {
    const uid_t own = 900;
    EXPECT_THAT(role_of(0, own, {}), Optional(Role::Administrator));
    EXPECT_THAT(role_of(own, own, {}), Optional(Role::Administrator));
    EXPECT_THAT(role_of(1000, own, {"users", "ringwall-read"}), Optional(Role::ReadOnly));
    EXPECT_THAT(role_of(1000, own, {"ringwall-read", "ringwall-operator"}),
                Optional(Role::Operator));
    EXPECT_THAT(role_of(1000, own, {"ringwall-operator", "ringwall-admin"}),
                Optional(Role::Administrator));
    EXPECT_EQ(
        role_of(1000, own, {"users", "ringwall", "ringwall-administrators", "ringwall-admi", ""}),
        std::nullopt);
    EXPECT_EQ(role_of(1000, own, {}), std::nullopt);
}

TEST(ConsoleRole, ThePeopleAreTheSystems) {
    const Person root = person_of(0);
    EXPECT_EQ(root.name, "root");
    EXPECT_THAT(root.groups, testing::Contains("root"));
    EXPECT_EQ(person_of(3'999'999'999).name, "uid 3999999999");
    EXPECT_THAT(person_of(3'999'999'999).groups, IsEmpty());
}

}  // namespace
}  // namespace ringwall::sbc::console
