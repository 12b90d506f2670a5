// A configuration as the model has it: what was said, and nothing of defaults. A value: it can be
// copied, compared and printed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sbc/model/schema.h"

struct lyd_node;

namespace ringwall::sbc::model {

// A mode that one is in: "adjacency sip" with "phones".
struct Step {
    const Node* mode = nullptr;
    std::vector<std::string> keys;
    bool operator==(const Step&) const = default;
};
using Place = std::vector<Step>;

// "sbc mysbc sbe adjacency sip phones"; empty outside of any mode.
std::string path_of(const Place& place);
// "adjacency sip phones security": how an operator is told where something stands.
std::string path_of(const Place& place, const Node& node);

// What is shown in the place of a secret.
inline constexpr const char* hidden_secret = "***";

// What violates a rule that the model itself has ("must").
struct Violation {
    std::string path;
    std::string command;  // "sip-calls-out"
    std::string sentence;
};

class Tree {
public:
    Tree() = default;
    Tree(const Tree& other);
    Tree(Tree&& other) noexcept = default;
    Tree& operator=(const Tree& other);
    Tree& operator=(Tree&& other) noexcept = default;
    ~Tree() = default;
    bool operator==(const Tree& other) const;
    bool is_empty() const { return root_ == nullptr; }

    // ---- changes; the values are the model's own (codec.h) -------------------------------------
    void enter(const Place& place);
    void set(const Place& place, const Node& node, const std::vector<std::string>& values);
    // Of a leaf-list, a record or a mode: what has these values or keys; none given: all.
    // False: nothing was there.
    bool remove(const Place& place, const Node& node, const std::vector<std::string>& values);
    // All of a mode again under another key. False: there is no such thing, or the other is there.
    bool copy(const Place& place, const Node& mode, const std::vector<std::string>& from,
              const std::vector<std::string>& to);

    // ---- questions
    // -------------------------------------------------------------------------------
    bool has(const Place& place) const { return find(place) != nullptr; }
    // All values of a leaf or leaf-list; of a flag one empty text, where it is set.
    std::vector<std::string> values(const Place& place, const Node& node) const;
    // The keys of each, in the order in which they were made.
    std::vector<std::vector<std::string>> entries(const Place& place, const Node& list) const;
    std::vector<Violation> violations() const;

    // With "***" in the place of every secret: for showing, not for storing.
    Tree without_secrets() const;
    // RFC 7951. Secrets too.
    std::string to_json() const;
    // Whatever cannot be read of it is one sentence.
    static Result<Tree, std::string> from_json(std::string_view text);

private:
    struct Free {
        void operator()(lyd_node* node) const;
    };
    lyd_node* find(const Place& place) const;
    lyd_node* first_child(const Place& place) const;
    lyd_node* make(const Place& place);
    void add(lyd_node* parent, lyd_node* node);
    void take(lyd_node* node);

    std::unique_ptr<lyd_node, Free> root_;
};

}  // namespace ringwall::sbc::model
