// After the 200 to an authenticated REGISTER: the same +sip.instance, else the same Contact.
#include "sbc/registrar/returning_phone.h"

#include <gtest/gtest.h>

namespace ringwall::sbc::registrar {
namespace {

Binding binding(std::uint64_t flow, std::string contact, std::string instance = {}) {
    Binding b;
    b.contact = std::move(contact);
    b.instance = std::move(instance);
    b.hop = {FlowId{flow}, {}, sip::Transport::Tls};
    return b;
}

std::uint64_t found(std::vector<Binding> bindings, const LostPhone& phone) {
    const auto hop = find_again(bindings, phone);
    return hop ? hop->flow.value : 0;
}

TEST(ReturningPhone, IsKnownByItsInstanceWhateverItsContact) {
    const LostPhone phone{0, "urn:uuid:A", "sip:alice@192.0.2.1:1000"};
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.1:1000", "urn:uuid:b"),
                     binding(2, "sip:x@203.0.113.9:7", "urn:uuid:a")},
                    phone),
              2U);
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.1:1000", "urn:uuid:b")}, phone), 0U);
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.1:1000")}, phone), 0U);
}

TEST(ReturningPhone, IsKnownByItsWholeContactOtherwise) {
    const LostPhone phone{0, "", "sip:alice@192.0.2.1:1000"};
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.2:1000"), binding(2, "sip:alice@192.0.2.1:1000"),
                     binding(3, "sip:alice@192.0.2.1:2000")},
                    phone),
              2U);
    EXPECT_EQ(found({binding(1, "sip:desk@192.0.2.1:1000")}, phone), 0U);
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.1:2000")}, phone), 0U);
    EXPECT_EQ(found({binding(1, "sip:alice@192.0.2.1:1000", "urn:uuid:b")}, phone), 0U);
    EXPECT_EQ(found({}, phone), 0U);
}

TEST(ReturningPhone, ComesBackByTheSameAdjacency) {
    EXPECT_EQ(found({binding(1, "sip:alice@h")}, {1, "", "sip:alice@h"}), 0U);
}

}  // namespace
}  // namespace ringwall::sbc::registrar
