#include "sbc/model/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "sbc/config/draft_of.h"
#include "sbc/config/reader.h"
#include "sbc/model/text_form.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::model {
namespace {

using namespace std::string_literals;

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view some = R"(sbc mysbc
 sbe
  tls certificate "my cert.pem"
  sip hunting-trigger 408 503
  subscriber o'brien@example.com
   password "a \"quoted\" \\ \"word\""
  subscriber null-%00-50%2541@example.com
   password b"b
  adjacency sip phones
   description all the phones "!in" the house
   security trusted-encrypted
   signaling-address ipv6 2001:db8::1
   remote-address ipv4 192.0.2.0 255.255.255.0
   remote-address ipv6 2001:db8::/32
   authentication algorithm sha-256 md5
   authentication-realm outbound "my realm" me "se cret"
   attach
  adjacency sip gone
   no attach force abort
  call-policy-set 1
   first-call-routing-table T
   rtg-dst-address-table T
    entry 10
     match-prefix 49
     action next-table U
)";

// As they are typed at the console.
Tree after_commands(Tree tree, std::string_view text) {
    Place place;
    const auto lines = split_words(text);
    EXPECT_TRUE(lines);
    for (const WordsLine& line : lines ? *lines : std::vector<WordsLine>{}) {
        const auto command = parse_command(place, line.words);
        EXPECT_TRUE(command) << (command ? "" : command.error().sentence);
        auto after = command ? apply(tree, *command) : fail(Fault{});
        EXPECT_TRUE(after);
        place = after ? std::move(*after) : Place{};
    }
    return tree;
}

Tree tree_of(std::string_view text) {
    auto file = read_tree(text, "test");
    EXPECT_TRUE(file) << (file ? "" : file.error().to_string());
    return file ? std::move(file->tree) : Tree();
}

TEST(ATree, IsReadAgainAsItWasWritten) {
    const Tree tree = tree_of(some);
    const std::string text = to_text(tree, Secrets::Written);
    EXPECT_EQ(to_text(tree_of(text), Secrets::Written), text);
    EXPECT_TRUE(tree_of(text) == tree);
}

TEST(ATree, KeepsAUserEscaped) {
    const Draft draft = draft_of(tree_of(some));
    EXPECT_EQ(draft.subscribers[1].subscriber.address_of_record,
              std::string("null-\0-50%41@example.com", 24));
}

TEST(ATree, IsTheSameInJson) {
    const Tree tree = tree_of(some);
    const auto again = Tree::from_json(tree.to_json());
    ASSERT_TRUE(again) << again.error();
    EXPECT_TRUE(*again == tree);
    EXPECT_THAT(tree.to_json(), HasSubstr("\"ringwall-sbc:sbc\""));
}

TEST(ATree, JsonThatIsNotOfTheModelIsRefused) {
    for (const char* text :
         {"", "{", "[]", R"({"ringwall-sbc:sbc":[{"name":"a b"}]})",
          R"({"ringwall-sbc:sbc":[{"name":"a","sbe":{"adjacency":[{"name":"x","colour":1}]}}]})",
          R"({"ringwall-sbc:sbc":[{"name":"a","sbe":{"adjacency":[{"name":"x",)"
          R"("description":"two\nlines"}]}}]})"}) {
        const auto tree = Tree::from_json(text);
        EXPECT_TRUE(!tree || tree->is_empty()) << text;
    }
}

TEST(ATree, IsAValue) {
    Tree tree = tree_of(some);
    const Tree before = tree;
    tree.remove({}, *Schema::instance().root().child("sbc"), {});
    EXPECT_TRUE(tree.is_empty());
    EXPECT_FALSE(tree == before);
    EXPECT_EQ(to_text(tree, Secrets::Written), "");
    EXPECT_EQ(to_text(before, Secrets::Written), to_text(tree_of(some), Secrets::Written));
}

TEST(ADifference, LeadsFromOneToTheOther) {
    const Tree from = tree_of(some);
    const Tree to = tree_of(
        "sbc mysbc\nsbe\ntls certificate other.pem\nadjacency sip phones\n"
        "security untrusted\nsignaling-address ipv6 2001:db8::1\n"
        "remote-address ipv6 2001:db8::/32\nremote-address ipv4 10.0.0.0 255.0.0.0\n"
        "adjacency sip new\n");
    EXPECT_EQ(difference(from, to, Secrets::Hidden),
              "sbc mysbc\n"
              " sbe\n"
              "  tls certificate other.pem\n"
              "  no sip hunting-trigger\n"
              "  no subscriber o'brien@example.com\n"
              "  no subscriber null-%00-50%2541@example.com\n"
              "  no adjacency sip gone\n"
              "  adjacency sip phones\n"
              "   no description\n"
              "   security untrusted\n"
              "   no remote-address ipv4 192.0.2.0 255.255.255.0\n"
              "   remote-address ipv4 10.0.0.0 255.0.0.0\n"
              "   no authentication algorithm\n"
              "   no authentication-realm outbound \"my realm\"\n"
              "   no attach\n"
              "  !\n"
              "  adjacency sip new\n"
              "  !\n"
              "  no call-policy-set 1\n"
              " !\n"
              "!\n");
    EXPECT_EQ(difference(from, from, Secrets::Written), "");
}

// What is said later stands later.
TEST(ADifference, LeadsToTheOrderOfTheOther) {
    const std::string before = "sbc s\nsbe\nadjacency sip a\n";
    const std::string domains = "domain one.example\ndomain two.example\n";
    const Tree from = tree_of(before + domains + "domain three.example\n");
    for (const std::string& order :
         {"domain two.example\ndomain one.example\ndomain three.example\n"s,
          "domain three.example\n" + domains, "domain new.example\n" + domains,
          "domain three.example\ndomain new.example\ndomain one.example\n"s}) {
        const Tree to = tree_of(before + order);
        const std::string commands = difference(from, to, Secrets::Written);
        EXPECT_EQ(difference(to, to, Secrets::Written), "");
        EXPECT_NE(commands, "");
        EXPECT_NE(marked_difference(from, to, Secrets::Written), "");
        EXPECT_EQ(to_text(after_commands(from, commands), Secrets::Written),
                  to_text(to, Secrets::Written))
            << commands;
    }
}

// The model's rules, all that are violated, each where it stands.
TEST(ATree, SaysWhichRulesItViolates) {
    const Tree tree = tree_of(
        "sbc s\nsbe\nadjacency sip a\nsip-calls-in secure\nsignaling-peer-port 5070\n"
        "adjacency sip b\nsecurity trusted-encrypted\nsips-conversion to-sip\n");
    EXPECT_THAT(
        tree.violations(),
        ElementsAre(Field(&Violation::path, "sbc s sbe adjacency sip a sip-calls-in"),
                    Field(&Violation::path, "sbc s sbe adjacency sip a signaling-peer-port"),
                    Field(&Violation::path, "sbc s sbe adjacency sip b sips-conversion")));
    EXPECT_THAT(tree_of(some).violations(), IsEmpty());
}

// ---- the model itself ---------------------------------------------------------------------------

void for_each(const Node& node, const std::function<void(const Node&)>& look) {
    for (const auto& child : node.children) {
        look(*child);
        for_each(*child, look);
    }
}

TEST(TheModel, DescribesEveryLeaf) {
    int leaves = 0;
    for_each(Schema::instance().root(), [&](const Node& node) {
        ++leaves;
        EXPECT_THAT(node.help, Not("")) << node.name;
        for (const Argument& argument : node.arguments) {
            EXPECT_THAT(argument.placeholder, Not("")) << node.name;
        }
    });
    EXPECT_GT(leaves, 60);
}

// What the model says of defaults is what the border controller does.
TEST(TheModel, HasTheDefaultsOfTheTypes) {
    const Place place{{Schema::instance().root().child("sbc"), {"s"}},
                      {Schema::instance().root().child("sbc")->child("sbe"), {}}};
    const Node& mode = *place.back().mode->child("adjacency");
    Tree said;
    Place inner = place;
    inner.push_back({&mode, {"a"}});
    said.enter(inner);
    const Tree bare = said;
    int defaults = 0;
    for (const auto& leaf : mode.children) {
        if (leaf->kind == Node::Kind::Leaf && leaf->is_default_a_value) {
            said.set(inner, *leaf, {leaf->default_value});
            ++defaults;
        }
    }
    EXPECT_GT(defaults, 8);
    const Adjacency a = draft_of(bare).adjacencies.front().adjacency;
    const Adjacency b = draft_of(said).adjacencies.front().adjacency;
    EXPECT_EQ(a.security, b.security);
    EXPECT_EQ(a.sip_calls_in, b.sip_calls_in);
    EXPECT_EQ(a.sip_calls_out, b.sip_calls_out);
    EXPECT_EQ(a.sips_conversion, b.sips_conversion);
    EXPECT_EQ(a.untrusted_callers, b.untrusted_callers);
    EXPECT_EQ(a.replaces, b.replaces);
    EXPECT_EQ(a.profile, b.profile);
    EXPECT_EQ(a.preferred_transport, b.preferred_transport);
    EXPECT_EQ(a.tls_handshake_timeout, b.tls_handshake_timeout);
    EXPECT_EQ(a.registration_expiry, b.registration_expiry);
    EXPECT_EQ(a.redirect_mode, b.redirect_mode);
    EXPECT_EQ(a.redirect_limit, b.redirect_limit);
    EXPECT_EQ(a.session_timer, b.session_timer);
    EXPECT_EQ(a.session_timer_minimum, b.session_timer_minimum);
    EXPECT_EQ(a.reg_min_expiry, b.reg_min_expiry);
    EXPECT_EQ(a.registration_outgoing_timer, b.registration_outgoing_timer);
    EXPECT_EQ(a.registration_incoming_timer, b.registration_incoming_timer);
    EXPECT_EQ(a.fast_register_interval, b.fast_register_interval);
    EXPECT_EQ(a.passes_challenges, b.passes_challenges);
}

}  // namespace
}  // namespace ringwall::sbc::model
