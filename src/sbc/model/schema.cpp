#include "sbc/model/schema.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "sbc/model/yang_text.h"

namespace ringwall::sbc::model {
namespace {

// YANG folds its texts over lines.
std::string unfolded(const char* text) {
    std::string out;
    for (const char c : std::string_view(text == nullptr ? "" : text)) {
        const bool is_blank = c == ' ' || c == '\n' || c == '\t';
        if (!is_blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    return out;
}

const lysc_ext_instance* extension(const lysc_ext_instance* extensions, std::string_view name) {
    for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(extensions); ++i) {
        if (extensions[i].def->name == name) {
            return &extensions[i];
        }
    }
    return nullptr;
}

std::string argument_of(const lysc_node& schema, std::string_view name) {
    const lysc_ext_instance* found = extension(schema.exts, name);
    return found == nullptr || found->argument == nullptr ? "" : found->argument;
}

bool has(const lysc_node& schema, std::string_view name) {
    return extension(schema.exts, name) != nullptr;
}

Node::Words words_in(std::string_view text) {
    Node::Words words;
    while (!text.empty()) {
        words.emplace_back(cut(text, ' '));
    }
    return words;
}

const lysc_type* type_of(const lysc_node& leaf) {
    return leaf.nodetype == LYS_LEAFLIST ? reinterpret_cast<const lysc_node_leaflist&>(leaf).type
                                         : reinterpret_cast<const lysc_node_leaf&>(leaf).type;
}

void add_words(const lysc_type& type, std::vector<Argument::Word>& out) {
    if (type.basetype == LY_TYPE_ENUM) {
        const auto* enums = reinterpret_cast<const lysc_type_enum&>(type).enums;
        for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(enums); ++i) {
            out.push_back({enums[i].name, unfolded(enums[i].dsc)});
        }
    } else if (type.basetype == LY_TYPE_UNION) {
        auto* const* types = reinterpret_cast<const lysc_type_union&>(type).types;
        for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(types); ++i) {
            add_words(*types[i], out);
        }
    }
}

Argument argument(const lysc_node& leaf) {
    Argument out;
    out.leaf = &leaf;
    out.help = unfolded(leaf.dsc);
    out.reads = argument_of(leaf, "reads");
    out.is_secret = is_secret(leaf);
    out.names_of = words_in(argument_of(leaf, "names-of"));
    add_words(*type_of(leaf), out.words);
    out.placeholder = argument_of(leaf, "value");
    if (out.placeholder.empty()) {
        for (const Argument::Word& each : out.words) {
            out.placeholder.append(out.placeholder.empty() ? "" : "|").append(each.word);
        }
    }
    return out;
}

void set_default(const lysc_node& schema, Node& node) {
    const lyd_value* value = schema.nodetype == LYS_LEAF
                                 ? reinterpret_cast<const lysc_node_leaf&>(schema).dflt
                                 : nullptr;
    node.is_default_a_value = value != nullptr;
    node.default_value = value != nullptr ? lyd_value_get_canonical(schema.module->ctx, value)
                                          : argument_of(schema, "otherwise");
}

Node::Kind kind_of(const lysc_node& schema) {
    switch (schema.nodetype) {
        case LYS_LEAF:
            return type_of(schema)->basetype == LY_TYPE_EMPTY ? Node::Kind::Flag : Node::Kind::Leaf;
        case LYS_LEAFLIST:
            return Node::Kind::LeafList;
        default:
            return has(schema, "record") ? Node::Kind::Record : Node::Kind::Mode;
    }
}

void add_children(const lysc_node* schema, const lys_module& module, Node& parent);

std::unique_ptr<Node> node_of(const lysc_node& schema, const lys_module& module,
                              const Node& parent) {
    auto node = std::make_unique<Node>();
    node->kind = kind_of(schema);
    node->name = schema.name;
    const std::string words = argument_of(schema, "words");
    node->words = words_in(words.empty() ? schema.name : words);
    if (const std::string also = argument_of(schema, "also"); !also.empty()) {
        node->also.push_back(words_in(also));
    }
    node->help = unfolded(schema.dsc);
    set_default(schema, *node);
    node->parent = &parent;
    node->schema = &schema;
    const_cast<lysc_node&>(schema).priv = node.get();  // so that data finds it
    node->prompt = argument_of(schema, "mode");
    node->value_of_no = argument_of(schema, "no");
    node->shorthand = words_in(argument_of(schema, "shorthand"));
    node->is_together = has(schema, "together");
    node->is_rest = has(schema, "rest");
    node->is_while_detached = has(schema, "while-detached");
    if (node->kind == Node::Kind::Leaf || node->kind == Node::Kind::LeafList) {
        node->arguments.push_back(argument(schema));
    } else if (node->kind != Node::Kind::Flag) {
        add_children(&schema, module, *node);
    }
    return node;
}

void add_children(const lysc_node* schema, const lys_module& module, Node& parent) {
    const lysc_node* child = nullptr;
    while ((child = lys_getnext(child, schema, module.compiled, 0)) != nullptr) {
        const bool is_key = (child->flags & LYS_KEY) != 0;
        if (is_key || parent.kind == Node::Kind::Record) {
            parent.arguments.push_back(argument(*child));
        } else {
            parent.children.push_back(node_of(*child, module, parent));
        }
    }
    for (const auto& each : parent.children) {
        const std::string also = argument_of(*each->schema, "no-also");
        for (const auto& other : parent.children) {
            if (!also.empty() && other->name == also) {
                each->no_also = other.get();
                other->is_by_no_only = true;
            }
        }
    }
}

LY_ERR give_module(const char* name, const char*, const char*, const char*, void*,
                   LYS_INFORMAT* format, const char** data, void (**)(void*, void*)) {
    for (const YangText& each : yang_texts) {
        if (each.name == std::string_view(name)) {
            *format = LYS_IN_YANG;
            *data = each.text;
            return LY_SUCCESS;
        }
    }
    return LY_ENOTFOUND;
}

}  // namespace

bool is_secret(const lysc_node& leaf) {
    return has(leaf, "secret");
}

std::string Node::command() const {
    std::string out;
    for (const std::string& each : words) {
        out.append(out.empty() ? "" : " ").append(each);
    }
    return out;
}

std::string Node::usage() const {
    std::string out = command();
    for (const Argument& each : arguments) {
        if (each.reads == "address") {
            out += " ipv4|ipv6 ADDRESS";
        } else if (each.reads == "network") {
            out += " ipv4 NET MASK, or ipv6 NET/LENGTH";
        } else {
            out.append(" ").append(each.placeholder).append(is_together ? " ..." : "");
        }
    }
    return out;
}

const Node* Node::child(std::string_view child_name) const {
    const auto found =
        std::ranges::find_if(children, [&](const auto& each) { return each->name == child_name; });
    return found == children.end() ? nullptr : found->get();
}

bool Node::has_secret() const {
    const auto is_secret = [](const Argument& each) { return each.is_secret; };
    return std::ranges::any_of(arguments, is_secret) ||
           std::ranges::any_of(children, [&](const auto& each) {
               return each->kind == Kind::Leaf && each->arguments.front().is_secret;
           });
}

void Schema::Free::operator()(ly_ctx* context) const {
    ly_ctx_destroy(context);
}

const Schema& Schema::instance() {
    static const Schema schema;
    return schema;
}

std::string Schema::revision() const {
    return module_->revision == nullptr ? "" : module_->revision;
}

Schema::Schema() {
    // What it finds wrong is told by us, in the operator's words.
    ly_log_options(LY_LOSTORE_LAST);
    ly_ctx* context = nullptr;
    CHECK(ly_ctx_new(nullptr, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &context) ==
          LY_SUCCESS);
    context_.reset(context);
    ly_ctx_set_module_imp_clb(context, give_module, nullptr);
    module_ = ly_ctx_load_module(context, "ringwall-sbc", nullptr, nullptr);
    CHECK(module_ != nullptr);
    root_.kind = Node::Kind::Mode;
    add_children(nullptr, *module_, root_);
}

}  // namespace ringwall::sbc::model
