// What can be configured, and by which commands: yang/ringwall-sbc.yang as the console, the
// configuration file, the help and the manual see it. Read once for the process, and never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// libyang's.
struct ly_ctx;
struct lys_module;  // NOLINT(readability-identifier-naming)
struct lysc_node;   // NOLINT(readability-identifier-naming)

namespace ringwall::sbc::model {

// A value that follows a command's words.
struct Argument {
    struct Word {
        std::string word;
        std::string help;
    };
    std::string placeholder;  // "PORT"; of a choice "tcp|udp"
    std::string help;
    std::vector<Word> words;  // of a choice, in the model's order
    const lysc_node* leaf = nullptr;
    std::string reads;  // how its words become the value; empty: they are it
    bool is_secret = false;
    std::vector<std::string> names_of;  // lists of the model: the value is a name of one of theirs

    bool is_choice() const { return !words.empty(); }
};

// A command: a mode, or what is set within one.
struct Node {
    enum class Kind : std::uint8_t {
        Mode,      // sbc NAME, sbe, adjacency sip NAME
        Flag,      // attach
        Leaf,      // security TYPE
        LeafList,  // domain NAME, again and again, or all on one line
        Record     // authentication-realm outbound REALM USER PASSWORD
    };
    using Words = std::vector<std::string>;

    Kind kind = Kind::Leaf;
    std::string name;  // of the model
    Words words;       // "adjacency", "sip"
    std::vector<Words> also;
    std::string help;
    std::string default_value;        // for people; empty: none
    bool is_default_a_value = false;  // it could be set
    const Node* parent = nullptr;
    const lysc_node* schema = nullptr;
    std::string prompt;  // of a mode: "adj-sip"
    std::vector<Argument> arguments;
    std::string value_of_no;        // what 'no' sets; empty: 'no' takes the value away
    const Node* no_also = nullptr;  // 'no' may be followed by that one's words
    bool is_together = false;       // all values on one line
    Words shorthand;                // a word that may stand for all of them, and those
    bool is_rest = false;           // the rest of the line is the value
    bool is_while_detached = false;
    bool is_by_no_only = false;  // written after another's 'no' only
    std::vector<std::unique_ptr<Node>> children;

    std::string command() const;  // "adjacency sip"
    std::string usage() const;    // "adjacency sip NAME"
    const Node* child(std::string_view child_name) const;
    bool has_secret() const;  // itself or one that stands directly in it
};

// Whether the value of a leaf is never shown.
bool is_secret(const lysc_node& leaf);

class Schema {
public:
    static const Schema& instance();

    const Node& root() const { return root_; }  // its children are what stands outside of any mode
    ly_ctx* context() const { return context_.get(); }
    const lys_module* module() const { return module_; }
    std::string revision() const;  // "2026-11-29"

private:
    Schema();

    struct Free {
        void operator()(ly_ctx* context) const;
    };
    std::unique_ptr<ly_ctx, Free> context_;
    const lys_module* module_ = nullptr;
    Node root_;
};

}  // namespace ringwall::sbc::model
