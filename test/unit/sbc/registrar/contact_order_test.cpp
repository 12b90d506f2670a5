#include "sbc/registrar/contact_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::sbc::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Binding binding(const std::string& contact, std::uint16_t q, const std::string& instance = {},
                std::uint32_t reg_id = 0) {
    Binding out;
    out.contact = contact;
    out.q = q;
    out.instance = instance;
    out.reg_id = reg_id;
    return out;
}

// "a b+c": a and b at once, c is another flow to b.
std::vector<std::string> shown(std::vector<Binding> bindings) {
    std::vector<std::string> out;
    for (const Round& round : rounds_of(std::move(bindings))) {
        std::string text;
        for (const Candidate& each : round) {
            text += (text.empty() ? "" : " ") + each.binding.contact;
            for (const Binding& flow : each.other_flows) {
                text += "+" + flow.contact;
            }
        }
        out.push_back(text);
    }
    return out;
}

TEST(ContactOrder, ThoseOfOneQAreTriedAtOnceAndLowerOnesAfterThem) {
    EXPECT_THAT(shown({binding("a", 1000), binding("b", 1000), binding("c", 500), binding("d", 500),
                       binding("e", 0)}),
                ElementsAre("a b", "c d", "e"));
    EXPECT_THAT(shown({}), IsEmpty());
}

TEST(ContactOrder, TheFlowsOfAnInstanceAreOneContact) {
    EXPECT_THAT(shown({binding("a2", 1000, "urn:a", 2), binding("b", 1000, "urn:b", 1),
                       binding("a1", 1000, "URN:A", 1)}),
                ElementsAre("a2+a1 b"));
    EXPECT_THAT(
        shown({binding("a2", 1000, "urn:a", 2), binding("b", 700), binding("a1", 500, "urn:a", 1)}),
        ElementsAre("a2+a1", "b"))
        << "at the place of the best";
}

TEST(ContactOrder, WithoutANumberItIsAContactOfItsOwn) {
    EXPECT_THAT(shown({binding("a", 1000, "urn:a"), binding("b", 1000, "urn:a"), binding("c", 1000),
                       binding("d", 1000)}),
                ElementsAre("a b c d"));
}

}  // namespace
}  // namespace ringwall::sbc::registrar
