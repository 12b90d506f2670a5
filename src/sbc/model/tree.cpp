#include "sbc/model/tree.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"

namespace ringwall::sbc::model {
namespace {

const Node* node_of(const lyd_node& data) {
    return static_cast<const Node*>(data.schema->priv);
}

bool is_of(const lyd_node& data, const Node& node) {
    return data.schema == node.schema;
}

std::string value_of(const lyd_node& term) {
    const char* value = lyd_get_value(&term);
    return value == nullptr ? "" : value;
}

// Every list of the model has one key.
std::string key_of(const lyd_node& entry) {
    const lyd_node* first = lyd_child(&entry);
    return first == nullptr ? "" : value_of(*first);
}

lyd_node* find_entry(lyd_node* siblings, const Node& list, const std::string& key) {
    if (siblings == nullptr) {
        return nullptr;
    }
    if (key.find('\'') == std::string::npos) {
        const std::string predicate =
            std::string("[") + lysc_node_child(list.schema)->name + "='" + key + "']";
        lyd_node* match = nullptr;
        lyd_find_sibling_val(siblings, list.schema, predicate.c_str(), predicate.size(), &match);
        return match;
    }
    for (lyd_node* each = siblings; each != nullptr; each = each->next) {
        if (is_of(*each, list) && key_of(*each) == key) {
            return each;
        }
    }
    return nullptr;
}

// A leaf, a container, or the value of a leaf-list.
lyd_node* find_node(lyd_node* siblings, const Node& node, const std::string* value = nullptr) {
    lyd_node* match = nullptr;
    if (siblings != nullptr) {
        lyd_find_sibling_val(siblings, node.schema, value == nullptr ? nullptr : value->c_str(),
                             value == nullptr ? 0 : value->size(), &match);
    }
    return match;
}

// Nodes of a choice exclude each other: which of its cases this one is of, or null.
const lysc_node* case_of(const lysc_node& schema) {
    return schema.parent != nullptr && schema.parent->nodetype == LYS_CASE ? schema.parent
                                                                           : nullptr;
}

bool excludes(const lysc_node& one, const lysc_node& other) {
    const lysc_node* a = case_of(one);
    const lysc_node* b = case_of(other);
    return a != nullptr && b != nullptr && a != b && a->parent == b->parent;
}

void append(std::string& out, std::string_view word) {
    out.append(out.empty() ? "" : " ").append(word);
}

void append(std::string& out, const lyd_node* data) {
    if (data == nullptr) {
        return;
    }
    append(out, reinterpret_cast<const lyd_node*>(data->parent));
    append(out, node_of(*data)->command());
    if (data->schema->nodetype == LYS_LIST) {
        append(out, key_of(*data));
    }
}

const lysc_must* musts_of(const lysc_node& schema) {
    return lysc_node_musts(&schema);
}

std::string unfolded(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

}  // namespace

std::string path_of(const Place& place) {
    std::string out;
    for (const Step& step : place) {
        append(out, step.mode->command());
        for (const std::string& key : step.keys) {
            append(out, key);
        }
    }
    return out;
}

std::string path_of(const Place& place, const Node& node) {
    std::string out = path_of(place);
    append(out, node.command());
    return out;
}

void Tree::Free::operator()(lyd_node* node) const {
    lyd_free_all(node);
}

Tree::Tree(const Tree& other) {
    lyd_node* copy = nullptr;
    if (other.root_ != nullptr) {
        CHECK(lyd_dup_siblings(other.root_.get(), nullptr, LYD_DUP_RECURSIVE, &copy) == LY_SUCCESS);
    }
    root_.reset(copy);
}

Tree& Tree::operator=(const Tree& other) {
    if (this != &other) {
        *this = Tree(other);
    }
    return *this;
}

bool Tree::operator==(const Tree& other) const {
    if (root_ == nullptr || other.root_ == nullptr) {
        return root_ == other.root_;
    }
    return lyd_compare_siblings(root_.get(), other.root_.get(), LYD_COMPARE_FULL_RECURSION) ==
           LY_SUCCESS;
}

lyd_node* Tree::first_child(const Place& place) const {
    if (place.empty()) {
        return root_.get();
    }
    const lyd_node* node = find(place);
    return node == nullptr ? nullptr : lyd_child(node);
}

lyd_node* Tree::find(const Place& place) const {
    lyd_node* siblings = root_.get();
    lyd_node* found = nullptr;
    for (const Step& step : place) {
        found = step.keys.empty() ? find_node(siblings, *step.mode)
                                  : find_entry(siblings, *step.mode, step.keys.front());
        if (found == nullptr) {
            return nullptr;
        }
        siblings = lyd_child(found);
    }
    return found;
}

// Where libyang gave the new node no parent, it stands at the top.
void Tree::add(lyd_node* parent, lyd_node* node) {
    if (parent == nullptr) {
        lyd_node* first = root_.release();
        CHECK(lyd_insert_sibling(first, node, &first) == LY_SUCCESS);
        root_.reset(first);
    }
}

void Tree::take(lyd_node* node) {
    if (node == root_.get()) {
        lyd_node* next = root_.release()->next;
        root_.reset(next);
    }
    lyd_free_tree(node);
}

lyd_node* Tree::make(const Place& place) {
    lyd_node* parent = nullptr;
    Place walked;
    for (const Step& step : place) {
        walked.push_back(step);
        lyd_node* node = find(walked);
        if (node == nullptr) {
            const lys_module* module = parent == nullptr ? Schema::instance().module() : nullptr;
            const char* name = step.mode->name.c_str();
            CHECK((step.keys.empty() ? lyd_new_inner(parent, module, name, 0, &node)
                                     : lyd_new_list(parent, module, name, 0, &node,
                                                    step.keys.front().c_str())) == LY_SUCCESS);
            add(parent, node);
        }
        parent = node;
    }
    return parent;
}

void Tree::enter(const Place& place) {
    make(place);
}

void Tree::set(const Place& place, const Node& node, const std::vector<std::string>& values) {
    lyd_node* parent = make(place);
    CHECK(parent != nullptr);  // outside of any mode there are only modes
    for (lyd_node *each = lyd_child(parent), *next = nullptr; each != nullptr; each = next) {
        next = each->next;
        if (excludes(*each->schema, *node.schema)) {
            lyd_free_tree(each);
        }
    }
    if (node.kind == Node::Kind::Record) {
        lyd_node* entry = find_entry(lyd_child(parent), node, values.front());
        if (entry == nullptr) {
            CHECK(lyd_new_list(parent, nullptr, node.name.c_str(), 0, &entry,
                               values.front().c_str()) == LY_SUCCESS);
        }
        for (std::size_t i = 1; i < node.arguments.size(); ++i) {
            const char* name = node.arguments[i].leaf->name;
            CHECK(lyd_new_path(entry, nullptr, name, values[i].c_str(), LYD_NEW_PATH_UPDATE,
                               nullptr) == LY_SUCCESS);
        }
        return;
    }
    if (node.kind == Node::Kind::LeafList) {
        if (node.is_together) {
            remove(place, node, {});
        }
        for (const std::string& value : values) {
            if (find_node(lyd_child(parent), node, &value) == nullptr) {
                CHECK(lyd_new_term(parent, nullptr, node.name.c_str(), value.c_str(), 0, nullptr) ==
                      LY_SUCCESS);
            }
        }
        return;
    }
    const char* value = values.empty() ? "" : values.front().c_str();
    if (lyd_node* old = find_node(lyd_child(parent), node)) {
        const LY_ERR changed = lyd_change_term(old, value);
        CHECK(changed == LY_SUCCESS || changed == LY_EEXIST || changed == LY_ENOT);
    } else {
        CHECK(lyd_new_term(parent, nullptr, node.name.c_str(), value, 0, nullptr) == LY_SUCCESS);
    }
}

bool Tree::remove(const Place& place, const Node& node, const std::vector<std::string>& values) {
    bool was_there = false;
    for (lyd_node *each = first_child(place), *next = nullptr; each != nullptr; each = next) {
        next = each->next;
        if (!is_of(*each, node)) {
            continue;
        }
        const bool is_entry = each->schema->nodetype == LYS_LIST;
        const bool is_meant =
            values.empty() ||
            (is_entry ? key_of(*each) == values.front()
                      : std::ranges::find(values, value_of(*each)) != values.end());
        if (is_meant) {
            take(each);
            was_there = true;
        }
    }
    return was_there;
}

bool Tree::copy(const Place& place, const Node& mode, const std::vector<std::string>& from,
                const std::vector<std::string>& to) {
    lyd_node* source = find_entry(first_child(place), mode, from.front());
    if (source == nullptr || find_entry(first_child(place), mode, to.front()) != nullptr) {
        return false;
    }
    Place target = place;
    target.push_back({&mode, to});
    lyd_node* made = make(target);
    for (const lyd_node* each = lyd_child_no_keys(source); each != nullptr; each = each->next) {
        CHECK(lyd_dup_single(each, reinterpret_cast<lyd_node_inner*>(made), LYD_DUP_RECURSIVE,
                             nullptr) == LY_SUCCESS);
    }
    return true;
}

std::vector<std::string> Tree::values(const Place& place, const Node& node) const {
    std::vector<std::string> out;
    for (const lyd_node* each = first_child(place); each != nullptr; each = each->next) {
        if (is_of(*each, node)) {
            out.push_back(value_of(*each));
        }
    }
    return out;
}

std::vector<std::vector<std::string>> Tree::entries(const Place& place, const Node& list) const {
    std::vector<std::vector<std::string>> out;
    for (const lyd_node* each = first_child(place); each != nullptr; each = each->next) {
        if (!is_of(*each, list)) {
            continue;
        }
        std::vector<std::string>& entry = out.emplace_back();
        if (each->schema->nodetype != LYS_LIST) {
            continue;
        }
        if (list.kind != Node::Kind::Record) {
            entry.push_back(key_of(*each));
            continue;
        }
        for (const lyd_node* value = lyd_child(each); value != nullptr; value = value->next) {
            entry.push_back(value_of(*value));
        }
    }
    return out;
}

std::vector<Violation> Tree::violations() const {
    std::vector<Violation> out;
    for (const lyd_node* top = root_.get(); top != nullptr; top = top->next) {
        const lyd_node* each = nullptr;
        LYD_TREE_DFS_BEGIN(top, each) {
            const lysc_must* musts = musts_of(*each->schema);
            for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(musts); ++i) {
                ly_bool holds = 0;
                CHECK(lyd_eval_xpath(each, lyxp_get_expr(musts[i].cond), &holds) == LY_SUCCESS);
                std::string path;
                append(path, each);
                const bool is_said = !out.empty() && out.back().path == path;
                if (holds == 0 && !is_said) {
                    out.push_back({std::move(path), node_of(*each)->command(),
                                   unfolded(musts[i].emsg == nullptr ? "" : musts[i].emsg)});
                }
            }
            LYD_TREE_DFS_END(top, each)
        }
    }
    return out;
}

Tree Tree::without_secrets() const {
    Tree out = *this;
    for (lyd_node* top = out.root_.get(); top != nullptr; top = top->next) {
        lyd_node* each = nullptr;
        LYD_TREE_DFS_BEGIN(top, each) {
            if (is_secret(*each->schema)) {
                lyd_change_term(each, hidden_secret);
            }
            LYD_TREE_DFS_END(top, each)
        }
    }
    return out;
}

std::string Tree::to_json() const {
    char* text = nullptr;
    CHECK(lyd_print_mem(&text, root_.get(), LYD_JSON, LYD_PRINT_WITHSIBLINGS) == LY_SUCCESS);
    std::string out = text == nullptr ? "{}\n" : text;
    std::free(text);
    return out;
}

Result<Tree, std::string> Tree::from_json(std::string_view text) {
    lyd_node* root = nullptr;
    const std::string terminated(text);
    const LY_ERR read = lyd_parse_data_mem(Schema::instance().context(), terminated.c_str(),
                                           LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &root);
    Tree out;
    out.root_.reset(root);
    if (read != LY_SUCCESS) {
        const char* why = ly_errmsg(Schema::instance().context());
        return fail(std::string(why == nullptr ? "it cannot be read" : why));
    }
    return out;
}

}  // namespace ringwall::sbc::model
