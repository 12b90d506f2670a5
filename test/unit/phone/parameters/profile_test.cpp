#include "phone/parameters/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::phone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Profile : public ::testing::Test {
protected:
    std::vector<Remark> read(std::string_view text) { return read_profile(text, values); }
    std::string remark(std::string_view text) {
        const auto remarks = read(text);
        return remarks.size() == 1 ? std::to_string(remarks[0].line) + ": " + remarks[0].sentence
                                   : std::to_string(remarks.size()) + " remarks";
    }
    Values values;
};

TEST_F(Profile, ReadsStatements) {
    EXPECT_THAT(read("\xef\xbb\xbf# of the lab\r\n"
                     "SIP_Transport[1]    \"TLS\" ;      # line 1\r\n"
                     "SIP Transport{2} \"tcp\";Proxy_2_ \"sip.example\" ;\n"
                     "  Max Forward\n"),
                ElementsAre(Remark{4,
                                   "\"Max Forward\": a statement is a name, a value in quotes "
                                   "and a semicolon; it changes nothing"}));
    EXPECT_EQ(values.get("SIP Transport", 1), "TLS");
    EXPECT_EQ(values.get("SIP Transport", 2), "TCP");
    EXPECT_EQ(values.get("SIP Transport", 3), "UDP");
    EXPECT_EQ(values.get("Proxy", 2), "sip.example");
    EXPECT_THAT(values.extensions(), ElementsAre(1, 2));
}

TEST_F(Profile, LaterCounts) {
    EXPECT_THAT(read("Max Forward \"20\" ;\nMax Forward \"30\" ;\n"), IsEmpty());
    EXPECT_EQ(values.get("Max Forward"), "30");
}

// No value is the default; "" is the empty text.
TEST_F(Profile, EmptyAndDefaultDiffer) {
    EXPECT_THAT(read("Dial Tone \"\" ; SIP User Agent Name \"x\" ;"), IsEmpty());
    EXPECT_EQ(values.get("Dial Tone"), "");
    EXPECT_THAT(read("Dial Tone ; SIP User Agent Name ;"), IsEmpty());
    EXPECT_EQ(values.get("Dial Tone"), find_parameter("Dial Tone")->default_value);
    EXPECT_THAT(values.changed(), IsEmpty());
}

TEST_F(Profile, QuotesAreEscaped) {
    EXPECT_THAT(read(R"(Display Name[1] "Al \"the\" \\ C:\x; #1" ;)"), IsEmpty());
    EXPECT_EQ(values.get("Display Name", 1), R"(Al "the" \ C:\x; #1)");
}

TEST_F(Profile, AccessOfTheUserIsMarked) {
    const Parameter& dnd = *find_parameter("DND Setting");
    const Parameter& proxy = *find_parameter("Proxy");
    EXPECT_EQ(values.access(dnd, 0), Access::Write);
    EXPECT_THAT(read("DND Setting ? \"Yes\" ; Proxy[1] ! \"a\" ; Proxy[2] \"b\" ;"), IsEmpty());
    EXPECT_EQ(values.access(dnd, 0), Access::Read);
    EXPECT_EQ(values.access(proxy, 1), Access::Write);
    EXPECT_EQ(values.access(proxy, 2), Access::None);
    EXPECT_THAT(read("DND Setting ~ ; Proxy[1] \"c\" ? ;"), IsEmpty());
    EXPECT_EQ(values.access(dnd, 0), Access::None);
    EXPECT_EQ(values.get("DND Setting"), "Yes") << "a mark alone leaves the value";
    EXPECT_EQ(values.access(proxy, 1), Access::Read);
}

TEST_F(Profile, NamesWhatIsWrongAndWhatIsKept) {
    EXPECT_EQ(remark("\n\nMax Forward \"many\" ;"),
              "3: Max Forward must be a number from 1 to 255, not \"many\"; \"70\" is kept");
    EXPECT_EQ(values.get("Max Forward"), "70");
    // Quotes that were forgotten make a password a part of the name: it is not repeated.
    for (const char* text :
         {"Password[1] hunter2 ;", "Password[1] hunter2", "Admin_Passwd hunter2;"}) {
        EXPECT_EQ(remark(text).find("hunter2"), std::string::npos) << text;
        EXPECT_NE(remark(text).find("quotes"), std::string::npos) << text;
    }
    EXPECT_EQ(remark("Maximum Forward \"70\" ;"), "1: there is no parameter \"Maximum Forward\"");
    EXPECT_EQ(remark("Max Forwards \"70\" ;"),
              "1: there is no parameter \"Max Forwards\"; did you mean \"Max Forward\"?");
    EXPECT_EQ(remark("Max Forward[1] \"70\" ;"), "1: Max Forward exists once, without a number");
    EXPECT_EQ(remark("Proxy \"a\" ;"), "1: Proxy needs a number from 1 to 1000, as in Proxy[1]");
    EXPECT_EQ(remark("Proxy[1001] \"a\" ;"),
              "1: Proxy needs a number from 1 to 1000, as in Proxy[1]");
    EXPECT_EQ(remark("SRTP Method \"x-sipura\" ;"),
              "1: SRTP Method must be s-descriptor, not \"x-sipura\"; \"s-descriptor\" is kept");
    EXPECT_EQ(remark("Dial Plan[1] \"(x|[12)\" ;"),
              "1: Dial Plan[1] is no dial plan: at 6: there is no such key; "
              "\"(*xx|[3469]11|0|00|[2-9]xxxxxx|1xxx[2-9]xxxxxxS0|xxxxxxxxxxxx.)\" is kept");
    EXPECT_EQ(remark("Static IP \"here\" ;"),
              "1: Static IP must be an IP address, or empty, not \"here\"; it stays empty");
    EXPECT_THAT(values.changed(), IsEmpty());
}

// What comes after a mistake is read.
TEST_F(Profile, GoesOnAfterAMistake) {
    const auto remarks = read(
        "Max Forward \"20 ;\n"
        "Max Auth \"3\" ;\n"
        "\"value\" ;\n"
        "Max Redirection 4 ;\n"
        "Max Redirection \"4\"\n"
        "SIP T1 \"1\" ;\n");
    ASSERT_EQ(remarks.size(), 4U);
    EXPECT_EQ(remarks[0].sentence,
              "a quote is not closed on its line; the statement changes nothing");
    EXPECT_EQ(remarks[1].line, 3U);
    EXPECT_EQ(remarks[3].line, 5U);
    EXPECT_EQ(values.get("Max Forward"), "70");
    EXPECT_EQ(values.get("Max Auth"), "3");
    EXPECT_EQ(values.get("Max Redirection"), "5");
    EXPECT_EQ(values.get("SIP T1"), "1");
}

TEST_F(Profile, SecretsAreNotShown) {
    EXPECT_THAT(read("Password[1] \"hunter2\" ; Admin Passwd \"open sesame\" ;"), IsEmpty());
    EXPECT_EQ(values.shown(*find_parameter("Password"), 1), "***");
    EXPECT_EQ(values.shown(*find_parameter("Admin Passwd"), 0), "***");
    EXPECT_EQ(values.shown(*find_parameter("User Password"), 0), "");
    const std::string refused = remark("Password[1] \"" + std::string(200, 's') + "\" ;");
    EXPECT_THAT(refused, HasSubstr("not what was given; \"***\" is kept"));
    EXPECT_THAT(refused, Not(HasSubstr("sss")));
}

TEST_F(Profile, WhatIsWrittenReadsTheSame) {
    EXPECT_THAT(read("Password[1] \" hunter\\\"2\\\\ \" ; DND Setting \"Yes\" ; Proxy[12] \"a\" ;"
                     "Dial Tone \"\" ; SIP TOS/DiffServ Value[1] \"0x60\" ;"),
                IsEmpty());
    std::string text;
    for (const Values::Changed& each : values.changed()) {
        text += statement_of(*each.parameter, each.n, values.get(*each.parameter, each.n)) + "\n";
    }
    Values again;
    EXPECT_THAT(read_profile(text, again), IsEmpty()) << text;
    EXPECT_EQ(again, values) << text;
    EXPECT_THAT(text, HasSubstr("SIP_TOS/DiffServ_Value[1] \"0x60\" ;\n"));
}

TEST_F(Profile, BadOctetsAreOnlyBad) {
    for (const std::string_view text : {"\"", "!", "~", ";;;", "[", "x[", "\\", "# ", "a\"\\",
                                        "?\"\";", "_1_ \"x\" ;", "Proxy[1]\"a\"!!;"}) {
        read(text);
    }
    EXPECT_THAT(values.changed(), IsEmpty());
    const std::string long_name(100'000, 'x');
    EXPECT_LT(remark(long_name + " \"1\" ;").size(), 200U);
}

}  // namespace
}  // namespace ringwall::phone
