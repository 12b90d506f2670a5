#include "phone/parameters/type.h"

#include <gtest/gtest.h>

#include "phone/parameters/script.h"

namespace ringwall::phone {
namespace {

using namespace types;

std::string seen(const Type& type, std::string_view value) {
    const auto spelling = spelled(type, value);
    return spelling ? *spelling : "must be " + spelling.error();
}

TEST(ParameterType, SpellsAndRefuses) {
    EXPECT_EQ(seen(yes_no(), "yes"), "Yes");
    EXPECT_EQ(seen(yes_no(), " NO "), "No");
    EXPECT_EQ(seen(yes_no(), "1"), "must be Yes or No");
    EXPECT_EQ(seen(yes_no(), ""), "must be Yes or No");
    EXPECT_EQ(seen(choice("UDP|TCP|TLS"), "tls"), "TLS");
    EXPECT_EQ(seen(choice("UDP|TCP|TLS"), "SCTP"), "must be one of UDP, TCP, TLS");
    EXPECT_EQ(seen(choice("UDP|TCP|TLS"), "UDP|TCP"), "must be one of UDP, TCP, TLS");
    EXPECT_EQ(seen(choice("s-descriptor"), "x-sipura"), "must be s-descriptor");
    EXPECT_EQ(seen(number(1, 255), "255"), "255");
    EXPECT_EQ(seen(number(1, 255), "0xff"), "0xff");
    EXPECT_EQ(seen(number(-3, 3), "-3"), "-3");
    for (const std::string_view wrong :
         {"0", "256", "", "x", "0x", "0xfffffffff", "1.5", "--1", "99999999999999999999999"}) {
        EXPECT_EQ(seen(number(1, 255), wrong), "must be a number from 1 to 255") << wrong;
    }
    EXPECT_EQ(seen(or_empty(number(1, 9)), ""), "");
    EXPECT_EQ(seen(or_empty(number(1, 9)), "x"), "must be a number from 1 to 9, or empty");
    EXPECT_EQ(seen(milliseconds(10, 60), "0.030"), "0.030");
    EXPECT_EQ(seen(milliseconds(10, 60), ".02"), ".02");
    for (const std::string_view wrong : {"30", "0.0301", ".", "", "-1", "1e3", "0.009"}) {
        EXPECT_EQ(seen(milliseconds(10, 60), wrong), "must be seconds from 0.01 to 0.06") << wrong;
    }
    EXPECT_EQ(seen(text(5), "12345"), "12345");
    EXPECT_EQ(seen(text(5), "123456"), "must be text of up to 5 octets");
    EXPECT_EQ(seen(text(5), "a\nb"), "must be text of up to 5 octets");
    EXPECT_EQ(seen(secret(), " a "), " a ") << "blanks may be in a password";
}

TEST(ParameterType, KnowsWhatHostsAndCodesAre) {
    EXPECT_EQ(seen(of(Type::Kind::Hosts), "a.example, 192.0.2.1"), "a.example, 192.0.2.1");
    EXPECT_NE(seen(of(Type::Kind::Hosts), "a.example b.example"), "a.example b.example");
    EXPECT_NE(seen(of(Type::Kind::Hosts), "a.example,"), "a.example,");
    EXPECT_EQ(seen(of(Type::Kind::Ip), "2001:db8::1"), "2001:db8::1");
    EXPECT_EQ(seen(of(Type::Kind::Ip), "phone"), "must be an IP address, or empty");
    EXPECT_EQ(seen(of(Type::Kind::ResponseTemplate), "404, 5*, 61?"), "404, 5*, 61?");
    EXPECT_NE(seen(of(Type::Kind::ResponseTemplate), "404;5*"), "404;5*");
    EXPECT_NE(seen(of(Type::Kind::ResponseTemplate), "4040"), "4040");
    EXPECT_EQ(seen(of(Type::Kind::StarCode), "*0272640"), "*0272640");
    EXPECT_EQ(seen(of(Type::Kind::StarCode), "*02726401"),
              "must be a code such as *72, a star and up to 7 keys, or empty");
    EXPECT_NE(seen(of(Type::Kind::StarCode), "72"), "72");
}

TEST(Script, ReadsCadences) {
    for (const std::string_view good :
         {"60(2/4)", "60(.2/.2,.2/.2,.2/.2,1/4)", "60(0.25/9.75)", "*(2/4)", "2(.1/.1);10(*/0)"}) {
        EXPECT_TRUE(is_cadence_script(good)) << good;
    }
    for (const std::string_view wrong :
         {"", "60", "60()", "60(2)", "60(2/4", "(2/4)", "60(2/4/1)", "60(2/4);1(1/1);1(1/1)",
          "60(1/1,1/1,1/1,1/1,1/1,1/1,1/1)", "60(2/x)", "60(2/4)x"}) {
        EXPECT_FALSE(is_cadence_script(wrong)) << wrong;
    }
}

TEST(Script, ReadsTones) {
    for (const std::string_view good :
         {"350@-19,440@-19;10(*/0/1+2)", "440@-10;30(.3/9.7/1)",
          "350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)", "480@-10,620@0;10(.125/.125/1+2)",
          "397@-19,507@-19;15(0/2/0,.2/.1/1,.1/2.1/2)", "440@-19,480@-19;*(2/4/1+2)"}) {
        EXPECT_TRUE(is_tone_script(good)) << good;
    }
    for (const std::string_view wrong :
         {"", "350@-19", "350@-19;", "350;10(*/0/1)", "350@-19;10(*/0)", "350@-19;10(*/0/2)",
          "0@-19;10(*/0/1)", "5000@-19;10(*/0/1)", "350@-99;10(*/0/1)", "350@-19;10(*/0/1+)",
          "1@0,1@0,1@0,1@0,1@0,1@0,1@0;1(1/1/1)"}) {
        EXPECT_FALSE(is_tone_script(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace ringwall::phone
