#include "phone/star_codes.h"

#include <gtest/gtest.h>

#include <set>

#include "phone/parameters/catalogue.h"

namespace ringwall::phone {
namespace {

std::vector<StarCode> by_default() {
    std::vector<StarCode> out;
    for (const StarServiceRow& row : star_services()) {
        out.push_back(
            {row.service, row.then, std::string(find_parameter(row.parameter)->default_value)});
    }
    return out;
}

TEST(StarCodes, EveryServiceHasItsParameterAndACodeOfItsOwn) {
    std::set<std::string_view> codes;
    std::set<StarService> services;
    for (const StarServiceRow& row : star_services()) {
        const Parameter* const parameter = find_parameter(row.parameter);
        ASSERT_NE(parameter, nullptr) << row.parameter;
        EXPECT_EQ(parameter->type.kind, Type::Kind::StarCode);
        EXPECT_EQ(parameter->use, Use::Works);
        EXPECT_TRUE(codes.insert(parameter->default_value).second) << row.parameter;
        EXPECT_TRUE(services.insert(row.service).second) << row.parameter;
        EXPECT_TRUE(row.needs.empty() || find_parameter(row.needs) != nullptr) << row.needs;
    }
}

TEST(StarCodes, AreThoseThatPeopleKnow) {
    const auto codes = by_default();
    const auto service = [&](std::string_view keys) {
        return find_star_code(codes, keys)->code.service;
    };
    EXPECT_EQ(service("*16"), StarService::SecureAllCallAct);
    EXPECT_EQ(service("*17"), StarService::SecureNoCallAct);
    EXPECT_EQ(service("*18"), StarService::SecureOneCallAct);
    EXPECT_EQ(service("*19"), StarService::SecureOneCallDeact);
    EXPECT_EQ(service("*66"), StarService::CallBackAct);
    EXPECT_EQ(service("*67"), StarService::BlockCidAct);
    EXPECT_EQ(service("*68"), StarService::BlockCidDeact);
    EXPECT_EQ(service("*69"), StarService::CallReturn);
    EXPECT_EQ(service("*72"), StarService::CfwdAllAct);
    EXPECT_EQ(service("*73"), StarService::CfwdAllDeact);
    EXPECT_EQ(service("*78"), StarService::DndAct);
    EXPECT_EQ(service("*79"), StarService::DndDeact);
    EXPECT_EQ(service("*86"), StarService::CallBackDeact);
    EXPECT_EQ(service("*98"), StarService::BlindTransfer);
}

TEST(StarCodes, TheLongestCountsAndTheRestIsItsNumber) {
    auto codes = by_default();
    codes.push_back({StarService::Paging, StarServiceRow::Then::Number, "*7"});
    const auto forwarded = find_star_code(codes, "*7218005551212");
    ASSERT_TRUE(forwarded);
    EXPECT_EQ(forwarded->code.service, StarService::CfwdAllAct);
    EXPECT_EQ(forwarded->code.then, StarServiceRow::Then::Number);
    EXPECT_EQ(forwarded->rest, "18005551212");
    EXPECT_EQ(find_star_code(codes, "*75")->code.service, StarService::Paging);
    EXPECT_FALSE(find_star_code(codes, "*"));
    EXPECT_FALSE(find_star_code(codes, "72"));
    EXPECT_FALSE(find_star_code(codes, ""));
}

}  // namespace
}  // namespace ringwall::phone
