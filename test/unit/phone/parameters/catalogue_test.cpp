#include "phone/parameters/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "phone/parameters/settings_of.h"
#include "phone/parameters/values.h"

namespace ringwall::phone {
namespace {

using ::testing::HasSubstr;

TEST(Catalogue, EveryRowHoldsTogether) {
    std::set<std::string_view> names;
    for (const Parameter& parameter : catalogue()) {
        EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name << " stands twice";
        EXPECT_EQ(find_parameter(parameter.name), &parameter);
        EXPECT_TRUE(parameter.help.ends_with('.')) << parameter.name;
        EXPECT_FALSE(parameter.section.empty()) << parameter.name;
        EXPECT_TRUE(parameter.page != Page::Ext || parameter.count == Count::Many)
            << parameter.name;
        const auto spelling = spelled(parameter.type, parameter.default_value);
        ASSERT_TRUE(spelling) << parameter.name << " must be " << spelling.error();
        EXPECT_EQ(*spelling, parameter.default_value) << parameter.name;
    }
    EXPECT_GT(names.size(), 450U);
}

TEST(Catalogue, NamesAreFoundAsProfilesWriteThem) {
    const Parameter* const transport = find_parameter("SIP Transport");
    ASSERT_NE(transport, nullptr);
    for (const std::string_view text :
         {"SIP Transport[3]", "SIP_Transport{3}", "SIP_Transport_3_", " SIP Transport [ 3 ] "}) {
        const auto found = find_numbered(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->parameter, transport);
        EXPECT_EQ(found->n, 3U);
    }
    EXPECT_EQ(find_parameter("SIP_TOS_DiffServ_Value"), find_parameter("SIP TOS/DiffServ Value"));
    EXPECT_EQ(find_parameter("Set_Local_Date__mm_dd_"), find_parameter("Set Local Date (mm/dd)"));
    EXPECT_EQ(find_parameter("Reversed Auth Realm"), find_parameter("Reserved Auth Realm"));
    EXPECT_EQ(find_numbered("Speed Dial 2")->n, 0U);
    for (const std::string_view text : {"", "[", "[1]", "{1}", "__", "_1_", "SIP Transport[", "]",
                                        "SIP Transport[99999999999]", "sip transport[1]"}) {
        EXPECT_FALSE(find_numbered(text)) << text;
    }
}

TEST(Catalogue, KnowsWhatMayHaveBeenMeant) {
    EXPECT_EQ(nearest_name("sip transport[1]"), "SIP Transport");
    EXPECT_EQ(nearest_name("Pasword[1]"), "Password");
    EXPECT_EQ(nearest_name("Colour"), "");
    EXPECT_EQ(nearest_name(std::string(10'000, 'x')), "");
    EXPECT_THAT(unknown_parameter("Max_Forwards"), HasSubstr("did you mean \"Max Forward\"?"));
}

TEST(Catalogue, SipPortsCountUp) {
    const Parameter& port = *find_parameter("SIP Port");
    EXPECT_EQ(default_of(port, 1), "5060");
    EXPECT_EQ(default_of(port, 3), "5062");
}

// Values that are not the default, of which at least one makes a difference if any does.
std::vector<std::string> other_values(const Parameter& parameter) {
    using Kind = Type::Kind;
    const Type& type = parameter.type;
    switch (type.kind) {
        case Kind::Bool:
            return {parameter.default_value == "Yes" ? "No" : "Yes"};
        case Kind::Choice: {
            std::vector<std::string> out;
            std::string_view rest = type.choices;
            while (!rest.empty()) {
                const std::size_t end = rest.find('|');
                if (rest.substr(0, end) != parameter.default_value) {
                    out.emplace_back(rest.substr(0, end));
                }
                rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
            }
            return out;
        }
        case Kind::Number:
            return {std::to_string(type.least), std::to_string(type.least + 1),
                    std::to_string(type.most - 1), std::to_string(type.most)};
        case Kind::Seconds:
            return {std::to_string(type.least / 1000 + 1), ".05", std::to_string(type.most / 1000)};
        case Kind::Ip:
            return {"192.0.2.1"};
        case Kind::ResponseTemplate:
            return {"404"};
        case Kind::PowerLevel:
            return {"-20"};
        case Kind::StarCode:
            return {"*9999"};
        case Kind::Cadence:
            return {"60(1/1)"};
        case Kind::Frequencies:
            return {"400@-10"};
        case Kind::Tone:
            return {"400@-10;1(1/1/1)"};
        case Kind::DialPlan:
            return {"(xx.)"};
        case Kind::Text:
            return {"other.example", "AESGCM"};
        case Kind::Secret:
        case Kind::Hosts:
        case Kind::Host:
            return {"other.example"};
    }
    return {};
}

// "Without effect" is said of those, and of only those, that change nothing in the settings.
TEST(Catalogue, WhatIsSaidToWorkReachesTheSettings) {
    for (const Parameter& parameter : catalogue()) {
        const unsigned n = parameter.count == Count::Many ? 1 : 0;
        Values before;
        // What else is needed for it to be heard.
        for (const auto& [name, value] : {std::pair("Proxy", "server.example"),
                                          {"User ID", "alice"},
                                          {"Outbound Proxy", "server.example"},
                                          {"Auth ID", "a"},
                                          {"Preferred Codec", "OPUS"},
                                          {"Extended Function", "fnc=sd;sub=5@x"}}) {
            ASSERT_TRUE(before.set(name, 1, value));
        }
        ASSERT_TRUE(before.set("Proxy", 2, "server.example"));
        if (parameter.name == "Client Certificate File") {
            ASSERT_TRUE(before.set("Client Private Key File", 0, "key.pem"));
        } else if (parameter.name == "Client Private Key File") {
            ASSERT_TRUE(before.set("Client Certificate File", 0, "certificate.pem"));
        }
        bool has_effect = false;
        for (const std::string& value : other_values(parameter)) {
            Values after = before;
            if (!after.set(parameter, n, value)) {
                continue;
            }
            const auto old_settings = settings_of(before).settings;
            const auto new_settings = settings_of(after).settings;
            has_effect = has_effect || old_settings->phone != new_settings->phone ||
                         old_settings->lines != new_settings->lines ||
                         old_settings->keys != new_settings->keys;
        }
        if (parameter.name == "SRTP Method") {
            continue;  // there is no other value
        }
        EXPECT_EQ(has_effect, parameter.use == Use::Works) << parameter.name;
    }
}

}  // namespace
}  // namespace ringwall::phone
