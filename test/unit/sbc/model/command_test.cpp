#include "sbc/model/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbc/model/text_form.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::model {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

// An operator at a configuration.
class Operator {
public:
    // The fault's sentence; empty: it was done.
    std::string types(const std::string& line) {
        const auto words = split_words(line);
        if (!words || words->empty()) {
            return words ? "nothing typed" : words.error().sentence;
        }
        const auto command = parse_command(place, words->front().words);
        if (!command) {
            last = command.error();
            return last.sentence;
        }
        const auto after = apply(tree, *command);
        if (!after) {
            last = after.error();
            return last.sentence;
        }
        place = *after;
        return "";
    }
    std::string text() const { return to_text(tree, Secrets::Written); }
    std::vector<std::string> suggestions(std::vector<std::string> words,
                                         const std::string& begun = "") const {
        std::vector<std::string> out;
        for (const Suggestion& each : suggest(tree, place, words, begun)) {
            out.push_back(each.word);
        }
        return out;
    }

    Tree tree;
    Place place;
    Fault last;
};

class AtAnAdjacency : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* line : {"sbc mysbc", "sbe", "adjacency sip test"}) {
            ASSERT_EQ(by.types(line), "");
        }
    }
    Operator by;
};

TEST_F(AtAnAdjacency, TheSeedsProcedureIsTyped) {
    EXPECT_EQ(by.types("security trusted-encrypted"), "");
    EXPECT_EQ(by.text(),
              "sbc mysbc\n sbe\n  adjacency sip test\n   security trusted-encrypted\n  !\n !\n!\n");
    EXPECT_EQ(path_of(by.place), "sbc mysbc sbe adjacency sip test");
}

TEST_F(AtAnAdjacency, ACommandMayBeWrittenByItsBeginning) {
    EXPECT_EQ(by.types("secu trusted-e"), "");
    EXPECT_EQ(by.types("tls handshake 30"), "");
    EXPECT_EQ(by.types("inh prof preset-a"), "");
    EXPECT_THAT(by.text(), AllOf(HasSubstr("security trusted-encrypted\n"),
                                 HasSubstr("tls handshake-timeout 30\n"),
                                 HasSubstr("inherit profile preset-access\n")));
}

TEST_F(AtAnAdjacency, ABeginningOfTwoIsRefusedWithBoth) {
    EXPECT_EQ(by.types("redir recurse"),
              "'redir' could be more than one command; use redirect-mode or redirect-limit");
    EXPECT_EQ(by.last.word, 0U);
    EXPECT_THAT(by.types("s"), HasSubstr("'s' could be more than one command; use security, "));
    EXPECT_EQ(path_of(by.place), "sbc mysbc sbe adjacency sip test") << "not the 'sbe' around";
    EXPECT_EQ(by.types("security trusted"),
              "'trusted' is no value of 'security'; use untrusted, trusted-encrypted or "
              "trusted-unencrypted");
    EXPECT_EQ(by.last.word, 1U);
}

TEST_F(AtAnAdjacency, AWholeWordIsNoBeginningOfAnother) {
    EXPECT_EQ(by.types("register 4711@provider.example"), "");
    EXPECT_EQ(by.types("signaling-peer 192.0.2.9"), "");
    EXPECT_THAT(by.text(), AllOf(HasSubstr("register 4711@provider.example\n"),
                                 HasSubstr("signaling-peer 192.0.2.9\n")));
}

TEST_F(AtAnAdjacency, TheWordAtFaultIsSaid) {
    by.types("no attach now");
    EXPECT_EQ(by.last.word, 2U);
    by.types("no");
    EXPECT_EQ(by.last.word, 1U);
    by.types("remote-address ipv4 192.0.2.0 255.0.255.0");
    EXPECT_EQ(by.last.word, 3U);
    by.types("signaling-port");
    EXPECT_EQ(by.last.word, 1U);
}

TEST_F(AtAnAdjacency, NoTakesAway) {
    for (const char* line :
         {"security trusted-encrypted", "domain a.example", "domain b.example",
          "hunting-trigger 500 503", "attach", "remote-address ipv4 10.0.0.0 255.0.0.0",
          "authentication-realm outbound home me secret"}) {
        ASSERT_EQ(by.types(line), "") << line;
    }
    for (const char* line :
         {"no security", "no domain a.example", "no hunting-trigger", "no attach",
          "no remote-address ipv4 10.0.0.0 255.0.0.0", "no authentication-realm outbound home"}) {
        ASSERT_EQ(by.types(line), "") << line;
    }
    EXPECT_EQ(by.text(),
              "sbc mysbc\n sbe\n  adjacency sip test\n   domain b.example\n  !\n !\n!\n");
}

// A name is most likely mistyped; a value that is not set is as it is wanted.
TEST_F(AtAnAdjacency, NoOfANameThatIsNotThereIsAFault) {
    EXPECT_EQ(by.types("no adjacency sip tset"),
              "there is no 'adjacency sip tset' in 'sbc mysbc sbe'; nothing was taken away");
    EXPECT_EQ(by.last.word, 3U);
    EXPECT_EQ(path_of(by.place), "sbc mysbc sbe adjacency sip test");
    ASSERT_EQ(by.types("hunting-trigger 500 503"), "");
    EXPECT_THAT(by.types("no hunting-trigger 500 504"),
                HasSubstr("there is no 'hunting-trigger 504' in "));
    EXPECT_EQ(by.last.word, 3U);
    EXPECT_THAT(by.text(), HasSubstr("hunting-trigger 500 503\n")) << "nothing of it";
    for (const char* line :
         {"no domain a.example", "no remote-address ipv4 10.0.0.0 255.0.0.0",
          "no authentication-realm outbound home", "no subscriber alice@example.com",
          "no call-policy-set 7", "no sbc other"}) {
        EXPECT_THAT(by.types(line), HasSubstr("there is no '" + std::string(line + 3) + "' "))
            << line;
    }
    EXPECT_EQ(by.types("signaling-address ipv4 127.0.0.1"), "");
    EXPECT_THAT(by.types("no signaling-address ipv4 9.9.9.9"),
                HasSubstr("there is no 'signaling-address ipv4 9.9.9.9'"));
    EXPECT_EQ(by.types("no signaling-address ipv4 127.0.0.1"), "");
    for (const char* line : {"no security", "no attach", "no signaling-port 5060", "no domain",
                             "no description", "no call-policy-set default"}) {
        EXPECT_EQ(by.types(line), "") << line;
    }
}

TEST(Commands, ANameIsNotForgotten) {
    Operator by;
    EXPECT_EQ(by.types("sbc sbe"),
              "'sbe' is a command within 'sbc NAME' and no name; write: sbc NAME");
    EXPECT_EQ(by.last.word, 1U);
    EXPECT_TRUE(by.tree.is_empty());
    EXPECT_EQ(by.types("sbc sbe1"), "");
}

TEST_F(AtAnAdjacency, NamesThatAreThereAreSuggested) {
    for (const char* line :
         {"domain a.example", "authentication-realm outbound home me secret", "adjacency sip other",
          "subscriber alice@example.com", "call-policy-set 1", "rtg-src-adjacency-table SRC",
          "rtg-dst-address-table DST"}) {
        ASSERT_EQ(by.types(line), "") << line;
    }
    EXPECT_THAT(by.suggestions({"adjacency", "sip"}), ElementsAre("test", "other", "NAME"));
    EXPECT_THAT(by.suggestions({"adjacency", "sip"}, "o"), ElementsAre("other", "NAME"));
    EXPECT_THAT(by.suggestions({"no", "adjacency", "sip"}), ElementsAre("test", "other", "NAME"));
    EXPECT_THAT(by.suggestions({"no", "adjacency", "sip", "test"}), ElementsAre("<cr>"));
    EXPECT_THAT(by.suggestions({"no", "subscriber"}),
                ElementsAre("alice@example.com", "USER@DOMAIN"));
    EXPECT_THAT(by.suggestions({"first-call-routing-table"}), ElementsAre("SRC", "DST", "NAME"));
    EXPECT_THAT(by.suggestions({"active-call-policy-set"}), ElementsAre("1", "NUMBER"));
    ASSERT_EQ(by.types("entry 1"), "");
    EXPECT_THAT(by.suggestions({"dst-adjacency"}), ElementsAre("test", "other", "NAME"));
    EXPECT_THAT(by.suggestions({"action", "next-table"}), ElementsAre("SRC", "DST", "NAME"));
    ASSERT_EQ(by.types("adjacency sip test"), "");
    EXPECT_THAT(by.suggestions({"no", "domain"}), ElementsAre("a.example", "<cr>"));
    EXPECT_THAT(by.suggestions({"no", "authentication-realm", "outbound"}),
                ElementsAre("home", "REALM"));
}

TEST_F(AtAnAdjacency, WhatMayFollowNoIsSuggested) {
    EXPECT_THAT(by.suggestions({"no", "attach"}), ElementsAre("force", "<cr>"));
    EXPECT_THAT(by.suggestions({"no", "attach", "force"}), ElementsAre("normal", "abort"));
    EXPECT_THAT(by.suggestions({"no", "attach", "force", "normal"}), ElementsAre("<cr>"));
    EXPECT_THAT(by.suggestions({"no", "security"}), ElementsAre("<cr>"));
}

TEST_F(AtAnAdjacency, WhatIsOnByDefaultIsTurnedOffByNo) {
    EXPECT_EQ(by.types("no session-timer"), "");
    EXPECT_THAT(by.text(), HasSubstr("session-timer off\n"));
    EXPECT_EQ(by.types("session-timer 600"), "");
    EXPECT_THAT(by.text(), HasSubstr("session-timer 600\n"));
    EXPECT_EQ(by.types("session-timer 10"),
              "'10' does not fit 'session-timer'; use a number from 90 to 86400, or off");
}

TEST(Numbers, WhereThereIsNoRangeTheirTypeIsSaid) {
    Operator by;
    for (const char* line : {"sbc mysbc", "sbe", "cac-policy-set 1", "cac-table T",
                             "table-type policy-set", "entry 1"}) {
        ASSERT_EQ(by.types(line), "");
    }
    for (const char* word : {"many", "4294967296", "-1"}) {
        EXPECT_EQ(by.types(std::string("max-num-calls ") + word),
                  "'" + std::string(word) +
                      "' does not fit 'max-num-calls'; use a number from 0 to 4294967295");
    }
    EXPECT_EQ(by.types("max-num-calls 4294967295"), "");
}

TEST_F(AtAnAdjacency, OneWordMayStandForAllValues) {
    EXPECT_EQ(by.types("authentication algorithm both"), "");
    EXPECT_THAT(by.text(), HasSubstr("authentication algorithm sha-256 md5\n"));
    EXPECT_EQ(by.types("authentication algorithm md5 md5"), "'md5' is there twice; remove one");
}

TEST_F(AtAnAdjacency, HowItIsDetachedIsSaidWithNoAttach) {
    EXPECT_EQ(by.types("attach"), "");
    EXPECT_EQ(by.types("no attach force normal"), "");
    EXPECT_THAT(by.text(), HasSubstr("   no attach force normal\n"));
    EXPECT_EQ(by.types("no attach"), "");
    EXPECT_THAT(by.text(), Not(HasSubstr("attach")));
    EXPECT_EQ(by.types("no activate force abort"), "");
    EXPECT_THAT(by.text(), HasSubstr("   no attach force abort\n"));
    EXPECT_EQ(by.types("activate"), "");
    EXPECT_THAT(by.text(), AllOf(HasSubstr("   attach\n"), Not(HasSubstr("force"))));
    EXPECT_THAT(by.types("no attach force"), HasSubstr("needs another word; use normal|abort"));
    EXPECT_THAT(by.types("no attach force softly"), HasSubstr("use normal or abort"));
    EXPECT_THAT(by.types("force normal"), HasSubstr("'force' "));
}

TEST_F(AtAnAdjacency, AModeAroundIsReachedFromWithin) {
    EXPECT_EQ(by.types("adjacency sip other"), "");
    EXPECT_EQ(path_of(by.place), "sbc mysbc sbe adjacency sip other");
    EXPECT_EQ(by.types("no adjacency sip other"), "");
    EXPECT_EQ(path_of(by.place), "sbc mysbc sbe");
    EXPECT_THAT(by.text(), Not(HasSubstr("other")));
}

TEST_F(AtAnAdjacency, WhatExcludesEachOtherReplacesEachOther) {
    for (const char* line : {"call-policy-set 1", "rtg-src-adjacency-table T", "entry 1",
                             "action reject", "action next-table U"}) {
        ASSERT_EQ(by.types(line), "") << line;
    }
    EXPECT_THAT(by.text(), AllOf(HasSubstr("action next-table U\n"), Not(HasSubstr("reject"))));
    EXPECT_EQ(by.types("action complete"), "");
    EXPECT_THAT(by.text(), AllOf(HasSubstr("action complete\n"), Not(HasSubstr("next-table"))));
}

// The field's workflow to add a trunk (copy, complete, default) is understood as it is typed.
TEST_F(AtAnAdjacency, APolicySetIsCopied) {
    for (const char* line :
         {"call-policy-set 1", "first-call-routing-table T", "rtg-src-adjacency-table T",
          "entry 41", "dst-adjacency test", "action complete", "exit-is-no-command"}) {
        by.types(line);
    }
    EXPECT_EQ(by.types("call-policy-set c s 1 d 2"), "");
    EXPECT_EQ(by.types("call-policy-set 2"), "");
    EXPECT_EQ(by.types("complete"), "");
    EXPECT_EQ(by.types("call-policy-set default 2"), "");
    EXPECT_THAT(by.text(), HasSubstr("  call-policy-set 2\n   first-call-routing-table T\n"
                                     "   rtg-src-adjacency-table T\n    entry 41\n"));
    EXPECT_THAT(by.text(), HasSubstr("  active-call-policy-set 2\n"));
    EXPECT_THAT(by.types("call-policy-set copy source 1 destination 2"),
                HasSubstr("'call-policy-set 2' is there already"));
    EXPECT_EQ(by.last.word, 5U);
    EXPECT_THAT(by.types("call-policy-set copy source 3 destination 4"),
                HasSubstr("'call-policy-set 3' is not there"));
    EXPECT_EQ(by.last.word, 3U);
}

TEST_F(AtAnAdjacency, ASecretIsInNoFault) {
    by.types("subscriber alice@example.com");
    for (const char* line : {"password hunter2 hunter2", "pasword hunter2", "hunter2",
                             "no password hunter2 hunter2 hunter2"}) {
        EXPECT_THAT(by.types(line), Not(HasSubstr("hunter2"))) << line;
        EXPECT_NE(by.last.shown, "hunter2");
    }
    EXPECT_EQ(by.types("password hunter2"), "");
    EXPECT_THAT(to_text(by.tree, Secrets::Hidden),
                AllOf(HasSubstr("password ***\n"), Not(HasSubstr("hunter2"))));
}

TEST_F(AtAnAdjacency, WhatMayComeNextIsSuggested) {
    EXPECT_THAT(by.suggestions({}), IsSupersetOf({"security", "signaling-address", "tls"}));
    EXPECT_THAT(by.suggestions({}), Not(Contains("force")));
    EXPECT_THAT(by.suggestions({}, "sip-"), ElementsAre("sip-calls-in", "sip-calls-out"));
    EXPECT_THAT(by.suggestions({"security"}),
                ElementsAre("untrusted", "trusted-encrypted", "trusted-unencrypted"));
    EXPECT_THAT(by.suggestions({"security"}, "tru"),
                ElementsAre("trusted-encrypted", "trusted-unencrypted"));
    EXPECT_THAT(by.suggestions({"tls"}), IsSupersetOf({"certificate", "handshake-timeout"}));
    EXPECT_THAT(by.suggestions({"signaling-port"}), ElementsAre("PORT"));
    EXPECT_THAT(by.suggestions({"signaling-port", "5060"}), ElementsAre("<cr>"));
    EXPECT_THAT(by.suggestions({"signaling-address"}), ElementsAre("ipv4", "ipv6"));
    EXPECT_THAT(by.suggestions({"no"}), Contains("security"));
    EXPECT_THAT(by.suggestions({"attach"}), ElementsAre("<cr>"));
    EXPECT_THAT(suggest(by.tree, by.place, {}, ""), Each(Field(&Suggestion::help, Not(""))));
}

TEST(Commands, OutsideOfAnyModeThereIsTheService) {
    Operator by;
    EXPECT_THAT(by.suggestions({}), ElementsAre("sbc"));
    EXPECT_THAT(by.types("security untrusted"), HasSubstr("it goes under 'adjacency sip NAME'"));
    EXPECT_EQ(by.types("xyzzyplugh"), "'xyzzyplugh' is no command here; use sbc");
}

}  // namespace
}  // namespace ringwall::sbc::model
