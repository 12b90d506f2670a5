#include "sbc/console/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "sbc/console/caret.h"
#include "sbc/model/text_form.h"
#include "sbc/stored_subscribers.h"
#include "unit/sbc/console/fake_views.h"
#include "unit/sbc/datastore/fake_target.h"

namespace ringwall::sbc::console {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class FakeSessions final : public Sessions {
public:
    std::vector<OpenSession> open_sessions() const override {
        std::vector<OpenSession> out;
        out.reserve(open.size());
        for (const auto& [id, session] : open) {
            out.push_back({{"user" + id, Role::Administrator, id}, WallTime(1'795'000'000s)});
        }
        return out;
    }
    bool end_session(const std::string& session, const std::string& why) override {
        const auto found = open.find(session);
        if (found == open.end()) {
            return false;
        }
        found->second->on_gone();
        open.erase(found);
        told.push_back(why);
        return true;
    }

    std::map<std::string, Session*> open;
    std::vector<std::string> told;
};

class AtTheConsole : public ::testing::Test {
protected:
    AtTheConsole()
        : store_(datastore::VersionStore::open(folder())),
          datastore_({.store = &*store_,
                      .target = &target_,
                      .read_file = [](const std::string&) -> Result<std::string, std::string> {
                          return fail(std::string("No such file or directory"));
                      },
                      .now =
                          [] {
                              return Now{TimePoint(1h), WallTime(1'795'000'000s)};
                          }}),
          session_(open("ops", Role::Administrator, "1")) {}
    ~AtTheConsole() override { std::filesystem::remove_all(folder()); }

    static std::filesystem::path folder() {
        return std::filesystem::path(::testing::TempDir()) /
               ("console-" + std::to_string(::getpid()));
    }
    Session open(const std::string& name, Role role, const std::string& id) {
        return Session(
            {.datastore = &datastore_,
             .views = &views_,
             .sessions = &sessions_,
             .subscribers = &subscribers_,
             .audit =
                 [this](const User& user, std::string_view what, const std::string& text) {
                     audit_ += user.name + " " + std::string(what) + " " + text + "\n";
                 },
             .host = "router"},
            {name, role, id});
    }
    // As it is seen on a terminal.
    std::string says(const std::string& line) {
        const std::string prompt = session_.on_line("").prompt;
        const Reply reply = session_.on_line(line);
        return (reply.fault_at ? caret_below(prompt, line, *reply.fault_at) : "") + reply.output;
    }
    std::string prompt_after(const std::string& line) { return session_.on_line(line).prompt; }
    void typed(std::initializer_list<const char*> lines) {
        for (const char* line : lines) {
            const Reply reply = session_.on_line(line);
            EXPECT_FALSE(reply.failed) << line << "\n" << reply.output;
        }
    }

    // Alice in the store, the rest in the configuration.
    void subscribers_are_kept() {
        subscribers_.load();
        typed({"subscriber add alice@example.com", "wonder land!", "wonder land!"});
        typed({"configure", "sbc mysbc", "sbe", "subscriber bob@example.com", "password builder",
               "commit", "end"});
    }

    datastore::FakeTarget target_;
    FakeViews views_{target_};
    StoredSubscribers subscribers_{
        {.open =
             [](store::IfMissing if_missing) {
                 return store::open_sqlite(folder() / "ringwall.db", if_missing);
             },
         .running = [this]() -> const Snapshot& { return views_.snapshot(); },
         .publish =
             [this](auto stored) {
                 auto next = std::make_shared<Snapshot>(views_.snapshot());
                 next->stored_subscribers = std::move(stored);
                 target_.published = next;
             }}};
    FakeSessions sessions_;
    std::string audit_;
    Result<datastore::VersionStore, std::string> store_;
    datastore::Datastore datastore_;
    Session session_;
};

// The seed's procedure, as printed.
TEST_F(AtTheConsole, TheSeedsProcedureAndItsOutput) {
    EXPECT_EQ(prompt_after("configure"), "router(config)# ");
    EXPECT_EQ(prompt_after("sbc mysbc"), "router(config-sbc)# ");
    EXPECT_EQ(prompt_after("sbe"), "router(config-sbc-sbe)# ");
    EXPECT_EQ(prompt_after("adjacency sip test"), "router(config-sbc-sbe-adj-sip)# ");
    EXPECT_EQ(says("security trusted-encrypted"), "");
    Reply committed = session_.on_line("commit");
    EXPECT_FALSE(committed.failed) << committed.output;
    EXPECT_EQ(committed.prompt, "router(config-sbc-sbe-adj-sip)# ");
    EXPECT_EQ(prompt_after("exit"), "router(config-sbc-sbe)# ");
    EXPECT_EQ(prompt_after("exit"), "router(config-sbc)# ");
    EXPECT_EQ(prompt_after("exit"), "router(config)# ");
    EXPECT_EQ(prompt_after("exit"), "router# ");
    EXPECT_EQ(says("show services sbc mysbc sbe adjacencies"),
              "Signaling address: none\nSecurity: Trusted-Encrypted\n");

    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "signaling-address ipv4 10.1.0.2",
           "commit", "end"});
    EXPECT_EQ(says("show services sbc mysbc sbe adjacencies"),
              "Signaling address: 10.1.0.2:5061\nSecurity: Trusted-Encrypted\n");
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "signaling-port 5060", "commit",
           "end"});
    EXPECT_EQ(says("show services sbc sbe adjacencies"),
              "Signaling address: 10.1.0.2:5060\nSecurity: Trusted-Encrypted\n");
    EXPECT_THAT(says("show services sbc mysbc sbe adjacencies detail"),
                AllOf(HasSubstr("SBC Service \"mysbc\"\n Adjacency test (SIP)\n"),
                      HasSubstr("   Status:               Detached\n"),
                      HasSubstr("   Security:             Trusted-Encrypted\n"),
                      HasSubstr("By-passed, its addresses are not hidden\n")));
    EXPECT_THAT(says("show services sbc mysbc sbe adjacency test"), HasSubstr(" test (SIP)\n"));
    EXPECT_THAT(says("show services sbc mysbc sbe adjacency tes"),
                HasSubstr("'tes' is no adjacency that was committed"));
    EXPECT_THAT(says("show services sbc mysbc sbe adjacencies | json"),
                HasSubstr("\"security\": \"trusted-encrypted\""));
    EXPECT_EQ(says("show services sbc yoursbc sbe adjacencies"),
              "                          ^\n% Invalid input detected at '^' marker.\n% there is no "
              "service 'yoursbc'; use mysbc\n");
}

TEST_F(AtTheConsole, ACaretStandsUnderTheWrongWord) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test"});
    const std::string prompt = "router(config-sbc-sbe-adj-sip)# ";
    EXPECT_EQ(
        says("  security  secret"),
        std::string(prompt.size() + 12, ' ') +
            "^\n% Invalid input detected at '^' marker.\n% 'secret' is no value of 'security'; "
            "use untrusted, trusted-encrypted or trusted-unencrypted\n");
    EXPECT_EQ(
        says("signaling-port"),
        std::string(prompt.size() + 15, ' ') +
            "^\n% Invalid input detected at '^' marker.\n% 'signaling-port' has too few words; "
            "write: signaling-port PORT\n");
    EXPECT_TRUE(session_.on_line("signaling-port").failed);
}

TEST_F(AtTheConsole, CommandsOfTheConsoleMayBeShort) {
    EXPECT_EQ(prompt_after("conf"), "router(config)# ");
    typed({"sbc mysbc", "sbe", "adj sip test", "comm"});
    EXPECT_THAT(says("do sh run"), HasSubstr("adjacency sip test\n"));
    EXPECT_THAT(says("sho conf commit list"), HasSubstr("1  "));
    EXPECT_EQ(prompt_after("root"), "router(config)# ");
    EXPECT_THAT(says("show configuration"), "");
    EXPECT_THAT(says("sh services sbc sbe call"), HasSubstr("could be more than one command"));
    EXPECT_THAT(says("sh services sbc sbe call-s glob currenth"),
                HasSubstr("the current hour for"));
    EXPECT_THAT(says("sh services sbc sbe call-s curr"), HasSubstr("'curr' is none of global"));
    EXPECT_THAT(says("sh services sbc sbe calls x tr"), HasSubstr("nothing is kept of a call 'x'"));
    EXPECT_EQ(says("sh services sbc mysbc sbe calls"), "No calls.\n");
}

// "a" for 'attach' must not be 'abort', nor "com" for 'commit' be 'complete'.
TEST_F(AtTheConsole, ABeginningOfTheModelsAndTheConsolesIsNeithers) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test"});
    EXPECT_THAT(says("a"),
                AllOf(HasSubstr("^\n"), HasSubstr("'a' could be more than one command; "),
                      HasSubstr("attach"), HasSubstr(" or abort\n")));
    EXPECT_THAT(says("d"), HasSubstr("use description, domain or do\n"));
    EXPECT_THAT(says("show configuration"), HasSubstr("adjacency sip test"));
    typed({"call-policy-set 1", "rtg-dst-domain-table t"});
    EXPECT_THAT(says("com"), HasSubstr("use complete or commit\n"));
    EXPECT_THAT(says("en 5"), HasSubstr("use entry or end\n"));
    typed({"entry 5", "ab"});
    EXPECT_EQ(prompt_after(""), "router# ");
}

TEST_F(AtTheConsole, AWrongWordIsNamedWithWhatWouldBeRight) {
    EXPECT_THAT(says("shaw"), HasSubstr("'shaw' is no command here; use configure, exit, show"));
    EXPECT_THAT(says("show services sbc sbe adjacensies"),
                AllOf(HasSubstr("'adjacensies' does not go after 'sbe'; use adjacencies"),
                      HasSubstr(std::string(8 + 22, ' ') + "^\n")));
    EXPECT_THAT(says("show services"), HasSubstr("'services' needs another word; use sbc"));
    EXPECT_THAT(says("s"), HasSubstr("'s' could be more than one command; use "));
    EXPECT_THAT(says("sbc mysbc"), HasSubstr("'sbc' belongs into the configuration"));
    typed({"configure"});
    EXPECT_THAT(says("show servises"), HasSubstr("'servises' does not go after 'show'; use "));
    EXPECT_THAT(says("xyzzy"), HasSubstr("'xyzzy' is no command here; use sbc"));
}

// With a caret, wherever one word is wrong.
TEST_F(AtTheConsole, EveryWrongWordHasItsCaret) {
    const auto word = [&](const std::string& line) -> std::string {
        const auto at = session_.on_line(line).fault_at;
        return !at ? "(no caret)" : *at >= line.size() ? "(end)" : line.substr(*at);
    };
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit"});
    EXPECT_EQ(word("do show services sbc mysbc sbe adjacency x"), "x");
    EXPECT_EQ(word("do show services sbc sbe adjacency"), "(end)");
    EXPECT_EQ(word("do clear services sbc sbe call x"), "x");
    EXPECT_EQ(word("do show configuration version 9"), "9");
    EXPECT_EQ(word("do show configuration nonsense"), "nonsense");
    EXPECT_EQ(word("do show services sbc yours sbe calls"), "yours sbe calls");
    EXPECT_EQ(word("do nonsense"), "nonsense");
    EXPECT_EQ(word("clear session x"), "x");
    EXPECT_EQ(word("rollback to 9"), "9");
    EXPECT_EQ(word("rollback last x"), "last x");
    EXPECT_EQ(word("load ../x"), "../x");
    EXPECT_EQ(word("load gone"), "gone");
    EXPECT_EQ(word("commit nonsense"), "nonsense");
    EXPECT_EQ(word("commit comment"), "(end)");
    EXPECT_EQ(word("commit confirmed 0"), "0");
    EXPECT_EQ(word("no adjacency sip x"), "x");
    EXPECT_EQ(word("description \"not closed"), "\"not closed");
    EXPECT_EQ(word("description \"closed\"x"), "x");
    EXPECT_EQ(word("description \xEF\xBF\xBD"), "\xEF\xBF\xBD");
    Session reader = open("guest", Role::ReadOnly, "2");
    EXPECT_EQ(reader.on_line(" configure").fault_at, 1U);
}

TEST_F(AtTheConsole, WhatIsNoAsciiIsShownAsItWasTyped) {
    EXPECT_THAT(says("z\xc3\xa9\xe2\x82\xac"), HasSubstr("'z\xc3\xa9\xe2\x82\xac' is no command"));
    EXPECT_THAT(says("z\xc2\x9b"
                     "2J"),
                HasSubstr("'z?2J' is no command"));
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test"});
    const std::string line = "description \xc3\xa9 \"x";
    EXPECT_EQ(session_.on_line(line).fault_at, line.size() - 2);
}

// The file of a history is on a disk: what was mistyped may have been a password.
TEST_F(AtTheConsole, OnlyWhatIsUnderstoodAndBearsNoSecretMayBeKept) {
    typed({"configure", "sbc mysbc", "sbe", "subscriber a@b.example"});
    for (const char* line :
         {"pasword hunter2", "password hunter2", "passw hunter2", "no password hunter2", "hunter2",
          "password hunter2 hunter2", "show configuration ! password hunter2", "! hunter2", "",
          "show password hunter2", "do password hunter2"}) {
        EXPECT_FALSE(session_.on_line(line).is_memorable) << line;
    }
    for (const char* line : {"username alice", "show configuration", "adjacency sip test",
                             "subscriber a@b.example", "do show alarms", "pwd"}) {
        EXPECT_TRUE(session_.on_line(line).is_memorable) << line;
    }
    typed({"adjacency sip test"});
    EXPECT_FALSE(session_.on_line("authentication-realm outbound a b hunter2").is_memorable);
    typed({"end"});
    EXPECT_FALSE(session_.on_line("hunter2").is_memorable) << "an answer to a question";
}

TEST_F(AtTheConsole, ChangesAreACandidateUntilTheyAreCommitted) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description x"});
    EXPECT_EQ(says("show configuration"),
              "sbc mysbc\n sbe\n  adjacency sip test\n   description x\n  !\n !\n!\n");
    EXPECT_EQ(says("show configuration diff"),
              "+ sbc mysbc\n+  sbe\n+   adjacency sip test\n+    description x\n");
    EXPECT_EQ(says("show configuration running-config"), "");
    EXPECT_EQ(prompt_after("abort"), "router# ");
    EXPECT_EQ(target_.published, nullptr);
    EXPECT_EQ(says("configure"), "");
    EXPECT_EQ(says("show configuration"), "");
}

TEST_F(AtTheConsole, LeavingWithChangesIsAskedAbout) {
    const std::string question =
        "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
    typed({"configure", "sbc mysbc"});
    EXPECT_EQ(prompt_after("end"), question);
    EXPECT_EQ(prompt_after(""), "router(config-sbc)# ");
    typed({"root"});
    EXPECT_EQ(prompt_after("exit"), question);
    EXPECT_EQ(prompt_after("no"), "router# ");
    typed({"configure", "sbc mysbc", "sbe"});
    EXPECT_EQ(prompt_after("end"), question);
    EXPECT_EQ(prompt_after("yes"), "router# ");
    EXPECT_THAT(says("show running-config"), HasSubstr("sbc mysbc"));
    EXPECT_TRUE(session_.on_line("exit").ended);
}

TEST_F(AtTheConsole, WhatIsWrongIsSaidAtTheCommitAndAgain) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "sip-calls-out any", "attach"});
    const Reply refused = session_.on_line("commit");
    EXPECT_TRUE(refused.failed);
    EXPECT_THAT(refused.output, AllOf(HasSubstr("sbc mysbc sbe adjacency sip test sip-calls-out: "),
                                      HasSubstr("% Failed to commit: 2 things are wrong")));
    EXPECT_THAT(says("show configuration failed"), HasSubstr("sip-calls-out"));
    EXPECT_THAT(says("show configuration"), HasSubstr("sip-calls-out any"));
    EXPECT_EQ(target_.published, nullptr);
}

TEST_F(AtTheConsole, OneWritesAndTheOthersAreToldWho) {
    Session other = open("eve", Role::Administrator, "2");
    typed({"configure", "sbc mysbc"});
    EXPECT_THAT(other.on_line("configure").output,
                HasSubstr("is being changed by ops (session 1, since "));
    const Reply refused = other.on_line("sbc mysbc");
    EXPECT_TRUE(refused.failed);
    EXPECT_THAT(refused.output, HasSubstr("is being changed by ops (session 1)"));
    typed({"abort"});
    EXPECT_FALSE(other.on_line("sbc mysbc").failed);
    other.on_gone();
    typed({"configure", "sbc mysbc"});
}

TEST_F(AtTheConsole, AnAdministratorEndsASessionThatHoldsTheCandidate) {
    Session other = open("eve", Role::Administrator, "2");
    sessions_.open = {{"1", &session_}, {"2", &other}};
    EXPECT_FALSE(other.on_line("configure").failed);
    EXPECT_FALSE(other.on_line("sbc mysbc").failed);
    EXPECT_EQ(says("show sessions"),
              "1  user1, administrator, since 2026-11-18T11:06:40Z (this session)\n"
              "2  user2, administrator, since 2026-11-18T11:06:40Z, changes the configuration\n");
    EXPECT_THAT(says("show sessions | json"), HasSubstr("\"changes_configuration\": true"));

    typed({"configure"});
    EXPECT_THAT(session_.on_line("sbc mine").output,
                HasSubstr("by eve (session 2); wait for that one's commit or abort, or end it: "
                          "'clear session 2'"));
    for (const Role role : {Role::ReadOnly, Role::Operator}) {
        Session lesser = open("noc", role, "3");
        EXPECT_THAT(lesser.on_line("clear session 2").output, HasSubstr("is for administrators"));
        EXPECT_FALSE(lesser.on_line("show sessions").failed);
    }
    EXPECT_THAT(says("clear session 1"), HasSubstr("this is your own session; say 'exit'"));
    EXPECT_THAT(says("clear session 7"), HasSubstr("there is no session '7'"));
    EXPECT_THAT(sessions_.told, testing::IsEmpty());

    typed({"clear session 2", "sbc mine"});
    EXPECT_THAT(sessions_.told,
                ElementsAre("This session was ended by ops (session 1); what it had "
                            "not committed is gone."));
    EXPECT_THAT(audit_,
                AllOf(HasSubstr("ops command clear session 2\n"), HasSubstr("eve logout \n"),
                      HasSubstr("noc refused clear session 2")));
    EXPECT_THAT(says("show configuration"), Not(HasSubstr("mysbc")));
}

TEST_F(AtTheConsole, WhoMayOnlyLookChangesNothing) {
    Session reader = open("guest", Role::ReadOnly, "2");
    const Reply refused = reader.on_line("configure");
    EXPECT_TRUE(refused.failed);
    EXPECT_THAT(refused.output, HasSubstr("'configure' is for administrators; you are read-only"));
    EXPECT_EQ(refused.prompt, "router# ");
    EXPECT_FALSE(reader.on_line("show running-config").failed);
    EXPECT_THAT(audit_, HasSubstr("guest refused configure\n"));
}

TEST_F(AtTheConsole, AnOperatorEndsCallsAndClearsCountersAndConfiguresNothing) {
    Session operating = open("noc", Role::Operator, "2");
    EXPECT_FALSE(operating.on_line("clear services sbc sbe call-stats").failed);
    EXPECT_EQ(views_.cleared, 1);
    EXPECT_FALSE(operating.on_line("clear services sbc sbe call c1").failed);
    EXPECT_THAT(views_.ended, ElementsAre("c1"));
    EXPECT_THAT(operating.on_line("clear services sbc sbe call c2").output,
                HasSubstr("there is no call 'c2'"));
    EXPECT_THAT(operating.on_line("configure").output,
                HasSubstr("'configure' is for administrators; you are an operator"));
    Session reading = open("guest", Role::ReadOnly, "3");
    EXPECT_THAT(reading.on_line("clear services sbc sbe call c1").output,
                HasSubstr("is for operators; you are read-only"));
    EXPECT_THAT(reading.on_line("clear services sbc sbe call-stats").output,
                HasSubstr("is for operators"));
    EXPECT_EQ(views_.cleared, 1);
    EXPECT_EQ(views_.ended.size(), 2U);
}

TEST_F(AtTheConsole, AnEarlierVersionComesBack) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description one",
           "commit label first comment as it was", "description two", "commit"});
    EXPECT_THAT(says("show configuration commit list"),
                AllOf(HasSubstr("2  2026-11-"), HasSubstr("1  2026-11-"),
                      HasSubstr("ops  [first]  as it was\n")));
    EXPECT_THAT(says("show configuration version 1"), HasSubstr("description one"));
    typed({"rollback last 1", "commit"});
    EXPECT_THAT(says("show running-config"), HasSubstr("description one"));
    typed({"rollback to 2", "commit"});
    EXPECT_THAT(says("show running-config"), HasSubstr("description two"));
    EXPECT_TRUE(session_.on_line("rollback to 17").failed);
    EXPECT_TRUE(session_.on_line("rollback last 9").failed);
}

TEST_F(AtTheConsole, AVersionThatCannotBeUsedSaysWhy) {
    typed({"configure", "sbc mysbc", "sbe", "commit", "adjacency sip test", "commit"});
    const auto file = folder() / "versions" / "000001.conf";
    std::ofstream(file) << "rubbish\n";
    EXPECT_THAT(says("show configuration commit list"), HasSubstr("\n1  cannot be read\n"));
    EXPECT_THAT(says("show configuration commit list | json"), HasSubstr("\"damaged\": true"));
    for (const char* line : {"show configuration version 1", "rollback to 1", "rollback"}) {
        EXPECT_THAT(says(line), HasSubstr("% " + file.string() +
                                          " is no configuration that was committed; 'show "
                                          "configuration commit list' has"));
    }
    for (const char* line : {"show configuration version 7", "rollback to 7"}) {
        EXPECT_THAT(says(line), HasSubstr("% there is no version 7; 'show"));
    }
}

// Who confirmed, and what was given up, stands in the audit log too.
TEST_F(AtTheConsole, WhatIsAnsweredAndConfirmedIsRecorded) {
    typed({"configure", "sbc mysbc", "sbe", "commit confirmed 30", "commit", "adjacency sip test",
           "end", "no"});
    EXPECT_THAT(audit_, AllOf(HasSubstr("ops command commit\nops confirmed 1\n"),
                              HasSubstr("ops command end\nops command no\n")));
}

TEST_F(AtTheConsole, AConfirmedCommitSaysHowLong) {
    typed({"configure", "sbc mysbc", "sbe"});
    EXPECT_THAT(says("commit confirmed 30"), HasSubstr("taken back in 30 s"));
    EXPECT_EQ(says("commit"), "The configuration is confirmed.\n");
    EXPECT_THAT(says("commit"), HasSubstr("No configuration changes"));
}

TEST_F(AtTheConsole, ADifferenceShowsWhatIsGoneAndWhatIsNew) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description one",
           "domain a.example", "adjacency sip gone", "commit", "adjacency sip test",
           "description two", "no domain a.example", "domain b.example", "exit",
           "no adjacency sip gone"});
    EXPECT_EQ(says("show configuration diff"),
              "  sbc mysbc\n   sbe\n-   adjacency sip gone\n    adjacency sip test\n"
              "-    description one\n+    description two\n"
              "-    domain a.example\n+    domain b.example\n");
    EXPECT_THAT(says("show configuration diff | json"), HasSubstr("\"-    description one\""));
    EXPECT_THAT(says("do show configuration commit list | json"), HasSubstr("\"version\": 1"));
}

TEST_F(AtTheConsole, WhatWasTakenBackIsSaidAndNotCommittedUnawares) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description one", "commit",
           "description two", "commit confirmed 30", "signaling-port 5070"});
    ASSERT_TRUE(datastore_.take_back());
    const Reply refused = session_.on_line("commit");
    EXPECT_TRUE(refused.failed);
    EXPECT_THAT(says("show configuration commit list"),
                HasSubstr("(taken back: nobody confirmed it)\n"));
    EXPECT_THAT(refused.output, AllOf(HasSubstr("has been taken back"),
                                      HasSubstr("another than the one that you have changed")));
    EXPECT_THAT(says("show configuration"), HasSubstr("description two"));
    typed({"commit"});
    EXPECT_THAT(says("show running-config"), HasSubstr("description two"));
}

// For a script, which must not end like that; not asked of the whole tree at each line.
TEST_F(AtTheConsole, ALineSaysWhetherSomethingWaitsToBeCommitted) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description one", "commit"});
    typed({"root", "sbc mysbc", "sbe", "adjacency sip test", "description one"});
    EXPECT_FALSE(session_.on_line("show configuration").pending) << "nothing is another";
    EXPECT_TRUE(session_.on_line("description two").pending);
    EXPECT_TRUE(session_.on_line("pwd").pending);
    EXPECT_FALSE(session_.on_line("clear").pending);
    EXPECT_TRUE(session_.on_line("no sbc mysbc").pending);
    EXPECT_FALSE(session_.on_line("abort").pending);
}

TEST_F(AtTheConsole, MoreTimeToConfirmIsNoConfirmation) {
    typed({"configure", "sbc mysbc", "sbe", "commit confirmed 30"});
    EXPECT_THAT(says("commit confirmed 60"), HasSubstr("There are 60 s more"));
    EXPECT_TRUE(datastore_.confirmation_ends());
    EXPECT_THAT(says("show configuration commit list"), HasSubstr("(waits to be confirmed)"));
    EXPECT_TRUE(session_.on_line("commit co 60").failed);
    EXPECT_TRUE(session_.on_line("commit comment").failed);
    EXPECT_EQ(says("show alarms"), "No alarms.\n");
}

TEST_F(AtTheConsole, AFileIsLoadedWholeOrNotAtAll) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description x", "commit",
           "do save good.conf", "root", "no sbc mysbc"});
    EXPECT_EQ(says("load good.conf"), "4 commands loaded.\n");
    EXPECT_EQ(says("show configuration"), "");
    EXPECT_TRUE(session_.on_line("load ../../etc/passwd").failed);
    EXPECT_TRUE(session_.on_line("save ../audit.log").failed);
    EXPECT_FALSE(session_.on_line("save audit.log").failed);
    EXPECT_TRUE(std::filesystem::exists(folder() / "saved" / "audit.log"));
    EXPECT_TRUE(session_.on_line("load gone").failed);
    // What changes nothing leaves nothing to be committed, and keeps nobody out.
    std::ofstream(folder() / "saved" / "empty") << "\n";
    EXPECT_FALSE(session_.on_line("load empty").pending);
    EXPECT_FALSE(session_.on_line("rollback to 1").pending);
    EXPECT_FALSE(datastore_.writer());
}

TEST_F(AtTheConsole, SecretsAreShownNowhere) {
    typed({"configure", "sbc mysbc", "sbe", "subscriber a@b.example", "password hunter2",
           "show configuration", "show configuration diff", "commit", "do show running-config",
           "do show running-config | json"});
    for (const char* line : {"show running-config", "show running-config | json",
                             "show configuration version 1", "password hunter2 x"}) {
        EXPECT_THAT(says(line), Not(HasSubstr("hunter2"))) << line;
    }
    EXPECT_THAT(audit_, AllOf(Not(HasSubstr("hunter2")),
                              HasSubstr("ops command sbc mysbc sbe subscriber a@b.example > "
                                        "password ***\n")));
}

// What 'show' printed is no backup: said again, it would give everybody the same password.
TEST_F(AtTheConsole, WhatIsShownForASecretIsNotTakenAsOne) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "signaling-peer 10.1.0.9",
           "authentication-realm outbound r u hunter2", "subscriber a@b.example",
           "password hunter2", "commit"});
    EXPECT_THAT(says("password ***"),
                AllOf(HasSubstr("         ^\n"),
                      HasSubstr("'***' is what is shown in the place of a secret")));
    std::filesystem::create_directories(folder() / "saved");
    std::ofstream(folder() / "saved" / "shown") << "sbc mysbc\nsbe\nadjacency sip test\n"
                                                   "authentication-realm outbound r u ***\n";
    EXPECT_THAT(says("load shown"), HasSubstr("shown:4: '***' is what is shown"));
    EXPECT_THAT(says("show configuration"), "");
    EXPECT_THAT(to_text(datastore_.running(), model::Secrets::Written), Not(HasSubstr("***")));
    typed({"no password"});
}

TEST_F(AtTheConsole, StatisticsOfCallsAreShownByIntervalAndSource) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "adjacency sip idle", "commit",
           "end"});
    const WallTime now = views_.now().wall;
    CallRecord refused;
    refused.from_adjacency = "test";
    refused.result = "refused";
    refused.cause = FailureCause::SrtpDisallowed;
    for (const WallTime time : {now - 5min, now}) {
        views_.calls_were.on_attempt("test", time);
        views_.calls_were.on_end(refused, time);
    }
    const std::string command = "show services sbc mysbc sbe call-stats";
    const std::string all = says(command);
    EXPECT_THAT(all, HasSubstr("Statistics of all calls since they were cleared"));
    EXPECT_THAT(all, HasSubstr("SRTP-disallowed failures:           2\n"));
    EXPECT_THAT(says(command + " current5mins"),
                HasSubstr("SRTP-disallowed failures:           1\n"));
    EXPECT_THAT(says(command + " src-adjacency test previous5mins"),
                AllOf(HasSubstr("for source adjacency test"),
                      HasSubstr("Total failed call attempts:         1\n")));
    EXPECT_THAT(says(command + " src-adjacency idle total"),
                HasSubstr("Total call attempts:                0\n"));
    EXPECT_THAT(says(command + " | json"), HasSubstr("\"srtp-disallowed\": 2"));
    EXPECT_THAT(says(command + " yesterday"), HasSubstr("'yesterday' is none of global"));
    EXPECT_THAT(says(command + " src-adjacency nobody"),
                HasSubstr("'nobody' is no adjacency that was committed"));
    EXPECT_THAT(says(command + " src-adjacency"), HasSubstr("name is missing"));
    EXPECT_THAT(says(command + " global total now"), HasSubstr("'now' is one word too many"));
}

TEST_F(AtTheConsole, WhatIsUpIsShown) {
    EXPECT_EQ(says("show services sbc sbe calls"), "No calls.\n");
    EXPECT_EQ(says("show services sbc sbe registrations"), "No registrations.\n");
    EXPECT_EQ(says("show services sbc sbe tls"), "No connections over TLS.\n");
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    CallRecord call;
    call.call = "c1";
    call.caller = "sip:a@b.example";
    call.callee = "sips:c@d.example";
    call.from_adjacency = "test";
    call.is_secure = true;
    call.start = views_.now().wall - 7s;
    call.ringing = call.start;
    views_.calls_up = {call};
    EXPECT_EQ(says("show services sbc mysbc sbe calls"),
              "c1  sip:a@b.example -> sips:c@d.example\n"
              "  From test to nowhere yet, ringing, 7 s, secure; media is by-passed, its addresses "
              "are not hidden\n");
    registrar::Binding binding;
    binding.address_of_record = "a@b.example";
    binding.contact = "sip:a@192.0.2.9";
    binding.hop.remote = {IpAddress::v4(192, 0, 2, 9), 5060};
    binding.expires = views_.now().monotonic + 60s;
    views_.registered = {binding};
    EXPECT_EQ(says("show services sbc mysbc sbe registrations"),
              "a@b.example\n  sip:a@192.0.2.9 from 192.0.2.9:5060 by test, 60 s left\n");
    tls::PeerIdentity peer;
    peer.has_certificate = true;
    peer.is_verified = true;
    peer.has_subject_alt_name = true;
    peer.dns_names = {"p.example"};
    peer.protocol = "TLSv1.2";
    peer.cipher = "ECDHE-RSA-AES128-SHA";
    views_.connections = {{.adjacency = 0,
                           .is_ours = true,
                           .remote = binding.hop.remote,
                           .peer = std::make_shared<const tls::PeerIdentity>(peer)}};
    EXPECT_EQ(says("show services sbc mysbc sbe tls"),
              "192.0.2.9:5060 opened by us for test, TLSv1.2, ECDHE-RSA-AES128-SHA (weak), "
              "p.example\n");
    for (const char* what : {"calls", "registrations", "tls", "adjacencies", "counters",
                             "call-policy", "cac-policy", "blacklist", "certificates"}) {
        const std::string json = says(std::string("show services sbc sbe ") + what + " | json");
        EXPECT_THAT(json, testing::AnyOf(HasSubstr("["), HasSubstr("{"), HasSubstr("null")));
    }
}

// In one line more than the seed's two, where there is something to say.
TEST_F(AtTheConsole, APeerThatIsDownIsShown) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "signaling-peer 192.0.2.9",
           "ping-enable", "ping-interval 10", "commit", "end"});
    const auto detail = [&] { return says("show services sbc sbe adjacency test"); };
    EXPECT_THAT(detail(), HasSubstr("   Ping:                 Enabled, Ping Interval: 10 seconds, "
                                    "Ping Lifetime: 32 seconds, Ping Fail Count: 3\n"));
    views_.peer = Outages::State{};
    EXPECT_THAT(detail(), HasSubstr("   Peer:                 not known yet\n"));
    EXPECT_THAT(says("show services sbc sbe adjacencies"), Not(HasSubstr("Peer")));
    views_.peer = Outages::State{Outages::Peer::Up, WallTime(1'795'000'000s)};
    EXPECT_THAT(detail(), HasSubstr("   Peer:                 up since 2026-11-18T11:06:40Z\n"));
    EXPECT_THAT(says("show services sbc sbe adjacencies"), Not(HasSubstr("Peer")));
    views_.peer = Outages::State{Outages::Peer::Down, WallTime(1'795'000'000s)};
    EXPECT_THAT(says("show services sbc sbe adjacencies"),
                HasSubstr("Security: Untrusted\nPeer: down since 2026-11-18T11:06:40Z\n"));
    EXPECT_THAT(says("show services sbc sbe adjacencies | json"),
                AllOf(HasSubstr("\"peer\": \"down\""),
                      HasSubstr("\"peer-since\": \"2026-11-18T11:06:40Z\""),
                      HasSubstr("\"ping-interval\": 10")));
}

TEST_F(AtTheConsole, TheLoadOfEachWorkerIsShown) {
    views_.measured.workers = {{.queue_delay = 3ms},
                               {.is_shedding = true,
                                .share = 0.45,
                                .queue_delay = 180ms,
                                .shed = 17,
                                .handshakes_shed = 4,
                                .since = WallTime(1'795'000'000s)}};
    EXPECT_EQ(
        says("show services sbc sbe overload"),
        "Worker 0: queue delay 3 ms, takes all; 0 requests and 0 TLS connections turned away so "
        "far\n"
        "Worker 1: queue delay 180 ms, turns away 45 % of new work since "
        "2026-11-18T11:06:40Z; 17 requests and 4 TLS connections turned away so far\n");
    EXPECT_THAT(says("show services sbc sbe overload | json"),
                AllOf(HasSubstr("\"share\": 45"), HasSubstr("\"shedding\": true"),
                      HasSubstr("\"handshakes-shed\": 4")));
}

TEST_F(AtTheConsole, TheLimitsInForceAreShownWithWhatTheyCount) {
    EXPECT_EQ(says("show services sbc sbe cac-policy"), "No cac-policy-set is active.\n");
    typed({"configure",
           "sbc mysbc",
           "sbe",
           "adjacency sip test",
           "account home",
           "exit",
           "cac-policy-set 1",
           "first-cac-table HERE",
           "first-cac-scope src-account",
           "cac-table HERE",
           "table-type limit account",
           "entry 1",
           "match-value home",
           "max-num-calls 5",
           "max-call-rate 60",
           "action next-table ALL",
           "exit",
           "entry 2",
           "exit",
           "exit",
           "cac-table ALL",
           "table-type policy-set",
           "entry 1",
           "cac-scope src-address",
           "max-num-calls 3",
           "exit",
           "exit",
           "complete",
           "exit",
           "active-cac-policy-set 1",
           "commit",
           "end"});
    const CacPolicySet& set = *views_.snapshot().cac_policy;
    Admissions::Held held;
    const std::vector<policy::CacDemand> demands = policy::demands_of(
        views_.snapshot(), {.source = 0, .source_address = IpAddress::v4(192, 0, 2, 9)});
    ASSERT_EQ(demands.size(), 2U);
    views_.counted.admit_call(demands, std::nullopt, Admissions::Urgency::Normal, held, {});
    EXPECT_EQ(set.number, 1U);
    EXPECT_EQ(says("show services sbc sbe cac-policy"),
              "cac-policy-set 1 begins with table HERE, scope src-account\n"
              "Table HERE, limit account\n"
              "  1  home  max-num-calls 5, max-call-rate 60  -> table ALL\n"
              "      src-account home: 1 call up\n"
              "  2  any  no limit\n"
              "Table ALL, policy-set\n"
              "  1  any  max-num-calls 3, scope src-address\n"
              "      src-address 192.0.2.9: 1 call up\n");
}

TEST_F(AtTheConsole, WhoIsShutOutIsShownAndMayBeLetInAgain) {
    typed({"configure",
           "sbc mysbc",
           "sbe",
           "adjacency sip test",
           "exit",
           "blacklist address-default",
           "reason corrupt-message",
           "trigger-size 20",
           "exit",
           "reason authentication-failure",
           "trigger-size off",
           "exit",
           "exit",
           "blacklist ipv4 192.0.2.7",
           "reason request-rate",
           "trigger-size 10",
           "trigger-period 1",
           "exit",
           "exit",
           "commit",
           "end"});
    const TimePoint now = views_.now().monotonic;
    const IpAddress source = IpAddress::v4(192, 0, 2, 9);
    views_.listed.add(
        {.source = source, .reason = SourceEvent::AuthenticationFailure, .ends = now + 61s}, now);
    views_.listed.add({.source = IpAddress::v4(192, 0, 2, 8),
                       .reason = SourceEvent::CorruptMessage,
                       .ends = now + 10s},
                      now);
    EXPECT_EQ(says("show services sbc sbe blacklist"),
              "192.0.2.8 on test: shut out for corrupt-message, 10 s left\n"
              "192.0.2.9 on test: shut out for authentication-failure, 61 s left\n"
              "address-default\n"
              "  authentication-failure  off\n"
              "  corrupt-message         20 in 60 s, then shut out for 300 s\n"
              "  handshake-failure       off\n"
              "  connection-rate         off\n"
              "  request-rate            off\n"
              "192.0.2.7\n"
              "  request-rate            10 in 1 s\n");
    EXPECT_THAT(says("clear services sbc sbe blacklist 192.0.2.300"), HasSubstr("is no address"));
    EXPECT_EQ(says("clear services sbc sbe blacklist ipv4 192.0.2.9"), "1 was shut out.\n");
    EXPECT_TRUE(views_.listed.bans_of(0, source, now).empty());
    EXPECT_EQ(says("clear services sbc sbe blacklist all"), "1 was shut out.\n");
    EXPECT_EQ(says("clear services sbc sbe blacklist"), "0 were shut out.\n");
}

TEST_F(AtTheConsole, WhatMayComeNext) {
    const auto words = [&](const std::string& line) {
        std::vector<std::string> out;
        for (const model::Suggestion& each : session_.suggest(line)) {
            out.push_back(each.word);
        }
        return out;
    };
    EXPECT_THAT(words(""), IsSupersetOf({"show", "configure", "exit"}));
    EXPECT_THAT(words("show services sbc mysbc sbe adj"),
                IsSupersetOf({"adjacencies", "adjacency"}));
    EXPECT_THAT(words("conf"), ElementsAre("configure"));
    typed({"configure", "sbc mysbc", "sbe"});
    EXPECT_THAT(words(""), IsSupersetOf({"adjacency", "commit", "exit"}));
    EXPECT_THAT(words("com"), ElementsAre("commit"));
    EXPECT_THAT(words("adjacency sip x "), Contains("<cr>"));

    typed({"adjacency sip test", "commit", "adjacency sip new", "do save good.conf"});
    EXPECT_THAT(words("adjacency sip "), ElementsAre("test", "new", "NAME")) << "the candidate's";
    EXPECT_THAT(words("do show services sbc sbe adjacency "), ElementsAre("test", "NAME"))
        << "what runs";
    EXPECT_THAT(words("do show services sbc sbe adjacency test "), ElementsAre("<cr>", "|"));
    EXPECT_THAT(words("commit "), ElementsAre("comment", "label", "confirmed", "<cr>"));
    EXPECT_THAT(words("commit confirmed "), ElementsAre("SECONDS", "comment", "label", "<cr>"));
    EXPECT_THAT(words("commit label "), ElementsAre("WORD"));
    EXPECT_THAT(words("commit comment "), ElementsAre("LINE"));
    EXPECT_THAT(words("rollback "), ElementsAre("last", "to", "<cr>"));
    EXPECT_THAT(words("rollback to "), ElementsAre("1", "VERSION"));
    EXPECT_THAT(words("rollback last "), ElementsAre("NUMBER", "<cr>"));
    EXPECT_THAT(words("show configuration version "), ElementsAre("1", "VERSION"));
    EXPECT_THAT(words("show configuration commit "), ElementsAre("list"));
    EXPECT_THAT(words("show configuration f"), ElementsAre("failed"));
    EXPECT_THAT(words("do show services sbc sbe call-stats src-adjacency "),
                ElementsAre("test", "NAME"));
    EXPECT_THAT(words("do show services sbc sbe call-stats global current5"),
                ElementsAre("current5mins"));
    EXPECT_THAT(words("show running-config "), ElementsAre("<cr>", "|"));
    EXPECT_THAT(words("do show run | "), ElementsAre("json"));
    EXPECT_THAT(words("show run | json "), ElementsAre("<cr>"));
    for (const char* line : {"", "do ", "show ", "clear ", "show services "}) {
        for (const model::Suggestion& each : session_.suggest(line)) {
            EXPECT_NE(each.help, "") << line << each.word;
        }
    }
    EXPECT_THAT(words("do show services sbc "), ElementsAre("mysbc", "sbe"));
    EXPECT_THAT(words("load "), ElementsAre("good.conf", "FILE"));
    EXPECT_THAT(words("do com"), testing::IsEmpty());
    CallRecord call;
    call.call = "c1";
    views_.calls_up = {call};
    EXPECT_THAT(words("do clear services sbc mysbc sbe call "), ElementsAre("c1", "CALL"));
    EXPECT_THAT(words("show services sbc sbe calls "), ElementsAre("c1", "CALL", "<cr>", "|"));
    EXPECT_THAT(words("show services sbc sbe calls c1 "), ElementsAre("trace"));
    EXPECT_THAT(words("show services sbc sbe calls c1 trace "), ElementsAre("<cr>", "|"));
    EXPECT_THAT(words("show services sbc sbe calls c1 trace | "), ElementsAre("json"));
    EXPECT_THAT(words("explain call from "), ElementsAre("test", "ADJACENCY"));
    EXPECT_THAT(words("explain call from to "), ElementsAre("to", "as")) << "of that name";
    EXPECT_THAT(words("explain call from test "), ElementsAre("to", "as"));
    EXPECT_THAT(words("explain call from test as "), ElementsAre("IDENTITY"));
    EXPECT_THAT(words("explain call from test as a@d.example "), ElementsAre("to"));
    EXPECT_THAT(words("explain call from test to "), ElementsAre("URI"));
    EXPECT_THAT(words("explain call from test to sip:b@d.example "), ElementsAre("<cr>", "|"));
    EXPECT_THAT(words("explain call from test to sip:b@d.example | "), ElementsAre("json"));
    Session other = open("eve", Role::Administrator, "2");
    sessions_.open = {{"1", &session_}, {"2", &other}};
    EXPECT_THAT(words("clear session "), ElementsAre("2", "SESSION"));
}

TEST_F(AtTheConsole, WhatIsNearIsOfTheModelOrTheConsole) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test"});
    for (const auto& [said, meant] :
         {std::pair{"comit", "commit"}, std::pair{"exot", "exit"}, std::pair{"abrt", "abort"},
          std::pair{"shwo run", "show"}, std::pair{"securty", "security"}}) {
        EXPECT_THAT(says(said), HasSubstr(std::string("did you mean '") + meant + "'?")) << said;
    }
    EXPECT_THAT(says("xyzzyxyzzy"), HasSubstr("'?' shows what may stand here"));
}

TEST_F(AtTheConsole, BehindDoItIsAsWithout) {
    typed({"configure"});
    EXPECT_THAT(says("do show servises"),
                AllOf(HasSubstr("'servises' does not go after 'show'; use "),
                      HasSubstr(std::string(16 + 8, ' ') + "^\n")));
    EXPECT_THAT(says("do show services"), HasSubstr("'services' needs another word; use sbc"));
    EXPECT_THAT(says("do commit"), HasSubstr("'commit' is no command here; use exit"));
    EXPECT_THAT(says("do"), HasSubstr("'do' needs a command"));
}

// What stands behind '!' is lost in a file; of a text that one types nothing is.
TEST_F(AtTheConsole, ATextIsNotCutByAComment) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test"});
    for (const char* line : {"description fix ! bang", "description !bang"}) {
        EXPECT_THAT(says(line), HasSubstr("'!' begins what is not read; put the text in quotes"));
    }
    typed({"description \"fix ! bang\"", "signaling-port 5070 ! for now"});
    EXPECT_THAT(says("show configuration"), HasSubstr("description \"fix ! bang\"\n"));
}

TEST_F(AtTheConsole, WhatWouldBeRightIsSaid) {
    for (const char* line : {"security untrusted", "adjacency sip x", "commit", "rollback to 1"}) {
        EXPECT_THAT(says(line), HasSubstr("belongs into the configuration; say 'configure' first"));
    }
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit"});
    EXPECT_THAT(says("no attach now"),
                HasSubstr("'no attach' has too many words; write: no attach [force normal|abort]"));
    EXPECT_THAT(says("no attach force normal now"), HasSubstr("[force normal|abort]"));
    EXPECT_THAT(says("call-policy-set copy source 1"),
                HasSubstr("write: call-policy-set copy source NUMBER destination NUMBER"));
    EXPECT_THAT(says("do show services sbc sbe refusals 0"), HasSubstr("use a number from 1"));
    EXPECT_THAT(says("do show services sbc sbe adjacency x"),
                HasSubstr("'x' is no adjacency that was committed; use test\n"));
    EXPECT_THAT(says("do show services sbc sbe call-stats src-adjacency x"),
                HasSubstr("'x' is no adjacency that was committed; use test\n"));
}

TEST_F(AtTheConsole, AWrongValueIsToldTheRightOne) {
    EXPECT_THAT(says("show running-config | jsn"),
                HasSubstr("'jsn' does not go here; only '| json'"));
    EXPECT_THAT(says("show running-config |json"), HasSubstr("'|json' does not go here; only"));
    EXPECT_THAT(says("show running-config |"), HasSubstr("only '| json'"));
    EXPECT_THAT(says("clear session"), HasSubstr("needs the number of a session"));
    typed({"configure"});
    EXPECT_THAT(says("rollback last"), HasSubstr("there is no version before"));
    typed({"sbc mysbc", "sbe", "adjacency sip test"});
    for (const char* line :
         {"commit confirmed 99999", "commit confirmed abc", "commit confirmed -1"}) {
        EXPECT_THAT(says(line), HasSubstr("needs 1 to 65535 seconds")) << line;
    }
    for (const char* line : {"commit comment a\xc2\x9b"
                             "2J",
                             "commit label a\xc2\x9b"}) {
        EXPECT_THAT(says(line), HasSubstr("must not hold control characters")) << line;
    }
    EXPECT_THAT(says("commit comment fix ! bang"), HasSubstr("put the comment in quotes"));
    EXPECT_EQ(datastore_.running_version().number, 0U);
    typed({"commit confirmed comment \"fix ! bang\""});
    EXPECT_EQ(datastore_.running_version().comment, "fix ! bang");
}

TEST_F(AtTheConsole, WhatHasChangedNothingKeepsNobodyOut) {
    std::filesystem::create_directories(folder() / "saved");
    std::ofstream(folder() / "saved" / "broken") << "sbc m\nsbe\nbogus\n";
    typed({"configure"});
    EXPECT_THAT(says("load broken"), HasSubstr("broken:3: 'bogus'"));
    EXPECT_FALSE(datastore_.writer());
    EXPECT_TRUE(session_.on_line("no sbc gone").failed);
    EXPECT_FALSE(datastore_.writer());
    typed({"sbc m"});
    EXPECT_TRUE(session_.on_line("load broken").failed);
    EXPECT_TRUE(datastore_.writer()) << "something was changed before";
}

TEST_F(AtTheConsole, WhoOnlyWalksAroundKeepsNobodyFromWriting) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "description one", "commit"});
    typed({"root", "sbc mysbc", "sbe", "adjacency sip test", "description one"});
    EXPECT_FALSE(datastore_.writer());
    Session other = open("eve", Role::Administrator, "2");
    for (const char* line : {"configure", "sbc mysbc", "sbe", "adjacency sip test", "attach"}) {
        EXPECT_FALSE(other.on_line(line).failed) << line;
    }
    EXPECT_EQ(prompt_after("call-policy-set 1"), "router(config-sbc-sbe-adj-sip)# ");
    typed({"root", "sbc mysbc", "sbe", "adjacency sip test"});
    EXPECT_THAT(says("description two"), HasSubstr("is being changed by eve (session 2)"));
}

// Whoever commits next must know that somebody waited to see whether all is well.
TEST_F(AtTheConsole, ACommitSaysWhatElseItConfirms) {
    typed({"configure", "sbc mysbc", "sbe", "commit confirmed 30"});
    Session other = open("eve", Role::Administrator, "2");
    for (const char* line : {"configure", "sbc mysbc", "sbe", "adjacency sip test"}) {
        other.on_line(line);
    }
    EXPECT_THAT(other.on_line("commit").output,
                HasSubstr("Version 1 of ops, which waited to be confirmed, is confirmed by it.\n"));
    EXPECT_THAT(audit_, HasSubstr("eve confirmed 1\neve commit 2\n"));
}

TEST(WithoutAStore, ACommitSaysThatItIsGoneAtTheNextStart) {
    datastore::FakeTarget target;
    FakeViews views(target);
    datastore::Datastore datastore(
        {.target = &target,
         .read_file = [](const std::string&) -> Result<std::string, std::string> {
             return fail(std::string("No such file or directory"));
         },
         .now = [] { return Now{}; }});
    Session session({.datastore = &datastore, .views = &views}, {"ops", Role::Administrator, "1"});
    for (const char* line : {"configure", "sbc mysbc", "sbe"}) {
        session.on_line(line);
    }
    const Reply committed = session.on_line("commit");
    EXPECT_FALSE(committed.failed);
    for (const std::string& said :
         {committed.output, session.on_line("save x").output, session.on_line("load x").output}) {
        EXPECT_THAT(said, HasSubstr("ringwall-sbc runs without '--store FOLDER', so "));
    }
}

TEST_F(AtTheConsole, JsonHasWhatTheTextHas) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "security trusted-unencrypted",
           "description d", "local-id host l.example", "mandated-transport tcp",
           "hunting-trigger 503", "redirect-mode recurse", "commit", "end"});
    const std::string json = says("show services sbc sbe adjacencies detail | json");
    for (const char* each : {"\"description\": \"d\"", "\"local-id\": \"l.example\"",
                             "\"sips-conversion\": \"off\"", "\"untrusted-callers\": \"allow\"",
                             "\"mandated-transport\": \"tcp\"", "\"redirect-mode\": \"recurse\"",
                             "503", "\"refer\": \"pass\"", "\"session-timer\": 1800"}) {
        EXPECT_THAT(json, HasSubstr(each));
    }
    EXPECT_THAT(says("show services sbc sbe adjacencies detail"),
                AllOf(HasSubstr("   REFER:                pass\n"),
                      HasSubstr("   Session timer:        1800 seconds, at least 90\n"),
                      HasSubstr("   Mandated transport:   tcp\n")));
}

TEST_F(AtTheConsole, TheMatrixIsWhatTheRulesSay) {
    const std::string matrix = says("show security-matrix");
    EXPECT_THAT(matrix, HasSubstr("From untrusted, to a SIPS URI\n  by untrusted: "
                                  "untrusted-caller-secure-target\n"));
    EXPECT_THAT(matrix, HasSubstr("From trusted-encrypted, to a SIPS URI\n  by untrusted: "
                                  "secure-call-untrusted-target\n"));
    EXPECT_THAT(says("show security-matrix | json"), HasSubstr("\"verdict\": \"yes\""));
}

TEST_F(AtTheConsole, ACallIsExplained) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    using policy::Event;
    views_.explained.end = Explanation::End::Refused;
    views_.explained.status = 480;
    views_.explained.reason = "No Trusted Route For Secure Call";
    const policy::Reject reject{.rule = policy::Refusal::SecureCallUntrustedTarget};
    views_.explained.decisions.end_at(9, policy::DecisionTrace::Last::Reject, &reject);
    views_.explained.decisions.add(0, Event::Initial, sip::Scheme::Sips,
                                   policy::Refusal::SecureCallUntrustedTarget);
    const std::string command =
        "explain call from test as sip:Alice@Example.com to sips:b@d.example";
    EXPECT_THAT(
        says(command),
        AllOf(Not(HasSubstr("  admit")),
              HasSubstr("  route               refused\n    by "
                        "secure-call-untrusted-target: A call that requires security"),
              HasSubstr("  route by test (sips): refused\n"),
              HasSubstr("The caller would hear 480 No Trusted Route For Secure Call; nothing "
                        "would be sent on.\n")));
    ASSERT_EQ(views_.asked.size(), 1U);
    EXPECT_EQ(views_.asked[0].identity, "Alice@example.com");
    EXPECT_EQ(views_.asked[0].caller, "sip:Alice@example.com");
    EXPECT_EQ(views_.asked[0].uri, "sips:b@d.example");
    EXPECT_THAT(says(command + " | json"), HasSubstr("\"rule\": \"secure-call-untrusted-target\""));
    EXPECT_THAT(says("explain call from nowhere to sip:b@d.example"),
                HasSubstr("'nowhere' is no adjacency that was committed"));
    EXPECT_THAT(says("explain call from test to bob"), HasSubstr("'bob' is no URI"));
    EXPECT_THAT(says("explain call from test as 5 to sip:b@d.example"),
                HasSubstr("nobody's address"));
    EXPECT_THAT(says("explain call from test"), HasSubstr("write 'explain call from"));
    EXPECT_EQ(views_.asked.size(), 2U);
    Session reader = open("guest", Role::ReadOnly, "2");
    EXPECT_THAT(reader.on_line(command).output, HasSubstr("refused"));
}

TEST_F(AtTheConsole, ACallerIsNamedByAddressOrUri) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    for (const auto& [word, identity, caller] :
         {std::tuple("al%20ice@D.example", "al ice@d.example", "sip:al%20ice@d.example"),
          std::tuple("sip:alice:secret@d.example:5070;user=phone?Subject=x", "alice@d.example",
                     "sip:alice@d.example"),
          std::tuple("SIPS:alice@d.example", "alice@d.example", "sips:alice@d.example"),
          std::tuple("tel:+49-30-123", "+4930123", "tel:+49-30-123"),
          std::tuple("tel:7042;phone-context=d.example", "7042",
                     "tel:7042;phone-context=d.example")}) {
        says("explain call from test as \"" + std::string(word) + "\" to sip:b@d.example");
        ASSERT_FALSE(views_.asked.empty()) << word;
        EXPECT_EQ(views_.asked.back().identity, identity);
        EXPECT_EQ(views_.asked.back().caller, caller);
        views_.asked.clear();
    }
    for (const char* wrong : {"alice", "5", "sip:d.example", "sips:", "tel:alice", "tel:",
                              "mailto:alice@d.example@", "a<b@d.example", "sip:a>b@d.example"}) {
        EXPECT_THAT(
            says("explain call from test as \"" + std::string(wrong) + "\" to sip:b@d.example"),
            HasSubstr("'" + std::string(wrong) +
                      "' is nobody's address; write it like alice@example.com, "
                      "sip:alice@example.com or tel:+4930123"));
        EXPECT_TRUE(views_.asked.empty()) << wrong;
    }
}

// Where all stages pass, and the target comes to nothing.
TEST_F(AtTheConsole, ACallThatNoRouteTakesIsExplainedByTheRule) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    views_.explained.end = Explanation::End::Refused;
    views_.explained.decisions.end_at(10, policy::DecisionTrace::Last::Continue);
    views_.explained.decisions.add(0, policy::Event::Initial, sip::Scheme::Sip,
                                   policy::MediaRefusal::EngineDown);
    views_.explained.status = 503;
    views_.explained.reason = "Service Unavailable";
    views_.explained.detail = "media-engine-down";
    EXPECT_THAT(
        says("explain call from test to sip:b@d.example"),
        AllOf(
            HasSubstr("  route by test (sip): refused\n    by media-engine-down: The media engine "
                      "does not answer, and the call is not to do without it"),
            HasSubstr("The caller would hear 503 Service Unavailable (media-engine-down); nothing "
                      "would be sent on.\n")));
}

TEST_F(AtTheConsole, RefusalsAreListedAndTraced) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    CallRecord refused;
    refused.call = "c7";
    refused.method = "REGISTER";
    refused.caller = "sip:eve@example.com";
    refused.callee = "sip:example.com";
    refused.from_adjacency = "test";
    refused.result = "refused";
    refused.status = 403;
    refused.reason = "eve is not alice";
    refused.stage = "authenticate";
    refused.decisions.end_at(6, policy::DecisionTrace::Last::Reject);
    views_.refused = {refused, refused};
    const std::string show = "show services sbc mysbc sbe ";
    EXPECT_THAT(says(show + "refusals 1"),
                AllOf(HasSubstr("c7  "), HasSubstr("REGISTER  sip:eve@example.com -> "),
                      HasSubstr("  From test: refused, 403 eve is not alice (authenticate)\n")));
    EXPECT_THAT(says(show + "refusals nine"), HasSubstr("'nine' is no number of lines"));
    EXPECT_EQ(says(show + "ended-calls"), "None.\n");
    EXPECT_THAT(
        says(show + "calls c7 trace"),
        AllOf(HasSubstr("  authenticate        refused\n    by authenticate: A phone calls"),
              HasSubstr("Result\n  refused, 403 eve is not alice\n")));
    EXPECT_THAT(says(show + "calls c7 trace | json"), HasSubstr("\"stage\": \"authenticate\""));
    EXPECT_THAT(says(show + "calls c8 trace"), HasSubstr("nothing is kept of a call 'c8'"));
    EXPECT_THAT(says(show + "calls c7"), HasSubstr("write 'calls CALL trace'"));
}

TEST_F(AtTheConsole, EndedCallsNameBothAdjacencies) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    CallRecord call;
    call.call = "c1";
    call.caller = "sip:300@198.51.100.21";
    call.callee = "sip:5001@198.51.100.1";
    call.from_adjacency = "core";
    call.to_adjacency = "trunk";
    call.result = "answered";
    call.status = 200;
    call.reason = "caller hung up";
    views_.calls_over = {call};
    EXPECT_THAT(says("show services sbc mysbc sbe ended-calls"),
                HasSubstr("\n  From core to trunk: answered, 200 caller hung up\n"));
}

// It met no stage, and is found by the call.
TEST_F(AtTheConsole, WhatWasRefusedWithinACallSaysInWhich) {
    typed({"configure", "sbc mysbc", "sbe", "adjacency sip test", "commit", "end"});
    CallRecord refused;
    refused.call = "c8";
    refused.within = "c1";
    refused.method = "REFER";
    refused.from_adjacency = refused.to_adjacency = "test";
    refused.result = "refused";
    refused.status = 403;
    refused.reason = "refer-refuse";
    refused.decisions.add(policy::refused(0, policy::Event::Refer, sip::Scheme::Sips,
                                          policy::ReferralRefusal::ReferRefuse));
    views_.refused = {refused};
    const std::string show = "show services sbc mysbc sbe ";
    EXPECT_THAT(says(show + "refusals"),
                HasSubstr("  From test to test, in call c1: refused, 403 refer-refuse\n"));
    EXPECT_EQ(says(show + "calls c8 trace"),
              "REFER c8 of  to , not secure\n"
              "From test to test, in call c1\n"
              "Targets\n"
              "  REFER by test (sips): refused\n"
              "    by refer-refuse: This adjacency may not refer anybody ('refer refuse').\n"
              "Result\n"
              "  refused, 403 refer-refuse\n");
    EXPECT_THAT(says(show + "calls c8 trace | json"),
                AllOf(HasSubstr("\"within\": \"c1\""), HasSubstr("\"stages\": []")));
}

// ---- subscribers of the store -----------------------------------------------------------------

TEST_F(AtTheConsole, APasswordIsAskedForTwiceAndShownNowhere) {
    const Reply first = session_.on_line("subscriber add sip:Alice@EXAMPLE.com");
    EXPECT_FALSE(first.failed) << first.output;
    EXPECT_TRUE(first.asks_secret);
    EXPECT_TRUE(first.is_memorable);
    EXPECT_EQ(first.prompt, "Password for Alice@example.com: ");
    EXPECT_TRUE(session_.suggest("sh").empty());
    const Reply again = session_.on_line("hunter 2!");
    EXPECT_TRUE(again.asks_secret);
    EXPECT_EQ(again.prompt, "Again the password for Alice@example.com: ");
    EXPECT_EQ(again.output, "");
    EXPECT_FALSE(again.is_memorable);
    const Reply done = session_.on_line("hunter 2!");
    EXPECT_FALSE(done.failed) << done.output;
    EXPECT_FALSE(done.asks_secret);
    EXPECT_FALSE(done.is_memorable);
    EXPECT_EQ(done.prompt, "router# ");
    EXPECT_EQ(done.output,
              "subscriber 'Alice@example.com' can register nowhere yet: no attached adjacency with "
              "preset-access has its domain\n");
    const sip::auth::HashedPassword expected("Alice", "example.com",
                                             Secret(std::string("hunter 2!")));
    EXPECT_EQ(views_.snapshot().subscriber("Alice@example.com")->password, expected);
    EXPECT_THAT(audit_, AllOf(HasSubstr("ops command subscriber add sip:Alice@EXAMPLE.com\n"),
                              HasSubstr("ops subscriber added Alice@example.com\n"),
                              Not(HasSubstr("hunter"))));
}

TEST_F(AtTheConsole, APasswordThatIsNoneChangesNothing) {
    const auto answers = [&](const std::string& one, const std::string& other) {
        session_.on_line("subscriber add alice@example.com");
        Reply reply = session_.on_line(one);
        if (reply.asks_secret) {
            reply = session_.on_line(other);
        }
        EXPECT_TRUE(reply.failed);
        EXPECT_FALSE(reply.fault_at) << "which would say how long it is";
        EXPECT_EQ(reply.prompt, "router# ");
        return reply.output;
    };
    EXPECT_EQ(answers("", ""), "% no password was given; nothing was changed\n");
    EXPECT_EQ(answers("one", ""), "% no password was given; nothing was changed\n");
    EXPECT_EQ(answers("one", "two"), "% the two passwords are not the same; nothing was changed\n");
    EXPECT_EQ(answers("***", "***"),
              "% '***' stands where a password is not shown, and is none; nothing was changed\n");
    EXPECT_EQ(answers("\xEF\xBF\xBD", ""),
              "% the password holds octets that are no UTF-8; nothing was changed\n");
    EXPECT_EQ(says("show services sbc sbe subscribers"), "No subscribers.\n");
}

TEST_F(AtTheConsole, SubscribersOfBothPlacesAreShownWithoutSecrets) {
    subscribers_are_kept();
    // Workers keep what the store has when another configuration comes; these do not.
    subscribers_.load();
    EXPECT_EQ(says("show services sbc mysbc sbe subscribers"),
              "alice@example.com\n  username alice, realm example.com, in the store\n"
              "bob@example.com\n  username bob, realm example.com, in the configuration\n");
    const std::string json = says("show services sbc sbe subscribers | json");
    EXPECT_THAT(json, AllOf(HasSubstr("\"kept-in\": \"store\""), HasSubstr("bob@example.com")));
    for (const Subscriber& each : *views_.snapshot().stored_subscribers) {
        const auto ha1 = each.password.of(sip::auth::Algorithm::Md5).reveal();
        EXPECT_EQ(json.find(ha1), std::string::npos);
        EXPECT_EQ(audit_.find(ha1), std::string::npos);
    }
}

TEST_F(AtTheConsole, ASubscriberIsChangedAndRemoved) {
    subscribers_are_kept();
    subscribers_.load();
    EXPECT_THAT(says("subscriber add bob@example.com"),
                HasSubstr("'bob@example.com' is in the configuration already"));
    EXPECT_THAT(says("subscriber password bob@example.com"), HasSubstr("change it there"));
    EXPECT_THAT(says("subscriber remove eve@example.com"), HasSubstr("there is no subscriber"));
    EXPECT_THAT(says("subscriber add alice"), HasSubstr("like alice@example.com"));
    EXPECT_THAT(says("subscriber add"), HasSubstr("like alice@example.com"));
    typed({"subscriber password alice@example.com", "glass", "glass"});
    EXPECT_EQ(views_.snapshot().subscriber("alice@example.com")->password,
              sip::auth::HashedPassword("alice", "example.com", Secret(std::string("glass"))));
    typed({"subscriber remove alice@example.com"});
    EXPECT_EQ(views_.snapshot().subscriber("alice@example.com"), nullptr);
    EXPECT_THAT(audit_, AllOf(HasSubstr("ops subscriber's password changed alice@example.com\n"),
                              HasSubstr("ops subscriber removed alice@example.com\n"),
                              Not(HasSubstr("glass"))));
}

TEST_F(AtTheConsole, SubscribersAreForAdministratorsAndAStrayPasswordIsRecordedNowhere) {
    Session other = open("eve", Role::Operator, "2");
    const Reply refused = other.on_line("subscriber add alice@example.com hunter2");
    EXPECT_THAT(refused.output, HasSubstr("'subscriber add' is for administrators"));
    EXPECT_FALSE(refused.is_memorable);
    const Reply too_much = session_.on_line("subscriber add alice@example.com hunter2");
    EXPECT_THAT(too_much.output,
                HasSubstr("has too many words; write: subscriber add USER@DOMAIN"));
    EXPECT_FALSE(too_much.is_memorable);
    for (const char* const line : {"subscriber add alice@example.com username al password hunter2",
                                   "subscriber add alice@example.com username al hunter2"}) {
        const Reply stray = session_.on_line(line);
        EXPECT_THAT(stray.output,
                    AllOf(HasSubstr("has too many words"), Not(HasSubstr("hunter2"))));
        EXPECT_FALSE(stray.is_memorable);
        EXPECT_FALSE(stray.asks_secret);
        EXPECT_THAT(other.on_line(line).output, HasSubstr("is for administrators"));
    }
    EXPECT_THAT(audit_,
                AllOf(HasSubstr("eve refused subscriber add alice@example.com\n"),
                      HasSubstr("eve refused subscriber add alice@example.com username al\n"),
                      Not(HasSubstr("hunter2"))));
}

// Whatever one of the configuration may have.
TEST_F(AtTheConsole, OfANewSubscriberMoreMayBeSaid) {
    typed({"subscriber add alice@example.com cert \"phone 7\" user 4711 realm home", "glass",
           "glass"});
    const Subscriber alice = *views_.snapshot().subscriber("alice@example.com");
    EXPECT_EQ(alice.username, "4711");
    EXPECT_EQ(alice.realm, "home");
    EXPECT_EQ(alice.certificate_name, "phone 7");
    EXPECT_EQ(alice.password,
              sip::auth::HashedPassword("4711", "home", Secret(std::string("glass"))));
    EXPECT_EQ(says("show services sbc sbe subscribers"),
              "alice@example.com\n  username 4711, realm home, certificate-name phone 7, in the "
              "store\n");
    EXPECT_THAT(says("show services sbc sbe subscribers | json"),
                HasSubstr("\"certificate-name\": \"phone 7\""));
    for (const auto& [line, fault] :
         {std::pair{"username", "'username' needs a value"},
          std::pair{"realm a realm b", "'realm' was already given; keep one of them"},
          std::pair{"realm \"\"", "'realm' must not be empty"},
          std::pair{"password x", "'subscriber add' has too many words"}}) {
        const Reply reply =
            session_.on_line(std::string("subscriber add carol@example.com ") + line);
        EXPECT_TRUE(reply.failed) << line;
        EXPECT_FALSE(reply.asks_secret) << line;
        EXPECT_THAT(reply.output, HasSubstr(fault));
    }
    EXPECT_EQ(views_.snapshot().subscriber("carol@example.com"), nullptr);
}

TEST_F(AtTheConsole, TheStoresSubscribersAreOffered) {
    subscribers_are_kept();
    subscribers_.load();
    const auto offered = [&](const char* line) {
        std::vector<std::string> out;
        for (const model::Suggestion& each : session_.suggest(line)) {
            out.push_back(each.word);
        }
        return out;
    };
    EXPECT_THAT(offered("sub"), ElementsAre("subscriber"));
    EXPECT_THAT(offered("subscriber "), ElementsAre("add", "password", "remove"));
    EXPECT_THAT(offered("subscriber add "), ElementsAre("USER@DOMAIN"));
    EXPECT_THAT(offered("subscriber add carol@example.com "),
                ElementsAre("username", "realm", "certificate-name", "<cr>"));
    EXPECT_THAT(offered("subscriber add carol@example.com realm "), ElementsAre("WORD"));
    EXPECT_THAT(offered("subscriber add carol@example.com realm home "),
                ElementsAre("username", "certificate-name", "<cr>"));
    EXPECT_THAT(offered("subscriber remove "), ElementsAre("alice@example.com", "USER@DOMAIN"));
    EXPECT_THAT(offered("show services sbc sbe sub"), ElementsAre("subscribers"));
}

}  // namespace
}  // namespace ringwall::sbc::console
