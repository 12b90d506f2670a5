#include "sbc/model/reference.h"

#include <string_view>
#include <vector>

#include "sbc/model/schema.h"

namespace ringwall::sbc::model {
namespace {

// '|' would end a cell.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out.append(c == '|' ? "\\" : "").append(1, c);
    }
    return out;
}

std::string code(const std::string& text) {
    return text.empty() ? "" : "`" + cell(text) + "`";
}

void append_row(const Node& node, std::string& out) {
    out += "| " + code(node.usage());
    for (const Node::Words& also : node.also) {
        out += ", also `";
        for (const std::string& word : also) {
            out.append(&word == &also.front() ? "" : " ").append(word);
        }
        out += "`";
    }
    if (node.no_also != nullptr) {
        out += "; `no " + node.command() + " " + cell(node.no_also->usage()) + "`";
    }
    out += " | ";
    out += node.is_default_a_value ? code(node.default_value) : cell(node.default_value);
    out += " | " + cell(node.help);
    const bool is_more = node.kind == Node::Kind::LeafList && !node.is_together;
    out += is_more ? " Several." : "";
    out += node.kind == Node::Kind::Record ? " Several." : "";
    out += node.is_while_detached ? " Changed only while the adjacency is detached." : "";
    const std::vector<const Node*> parts{&node, node.no_also};
    for (const Node* part : parts) {
        if (part == nullptr || part->arguments.empty()) {
            continue;
        }
        out += part == &node ? "" : " " + cell(part->help);
        for (const Argument::Word& each : part->arguments.front().words) {
            out += "<br>`" + each.word + "`";
            out += each.help.empty() ? "" : ": " + cell(each.help);
        }
    }
    out += " |\n";
}

void append_mode(const Node& mode, const std::string& around, std::string& out) {
    const std::string path = around + (around.empty() ? "" : " > ") + mode.usage();
    std::string rows;
    std::string modes;
    for (const auto& child : mode.children) {
        if (child->kind == Node::Kind::Mode) {
            modes += (modes.empty() ? "" : ", ") + code(child->usage());
        } else if (!child->is_by_no_only) {
            append_row(*child, rows);
        }
    }
    out += "\n## " + mode.usage() + "\n\n" + mode.help + " Mode: `" + path + "`.";
    out += modes.empty() ? "\n" : " Modes in it: " + modes + ".\n";
    if (!rows.empty()) {
        out += "\n| command | default | meaning |\n|---|---|---|\n" + rows;
    }
    for (const auto& child : mode.children) {
        if (child->kind == Node::Kind::Mode) {
            append_mode(*child, path, out);
        }
    }
}

}  // namespace

std::string reference() {
    std::string out =
        "# ringwall-sbc: every command of the configuration\n\n"
        "Made from `yang/ringwall-sbc.yang`: do not edit. What they mean together is in "
        "[manual-sbc.md](manual-sbc.md). `no` before a command takes it back; commands and choices "
        "may be written by their beginnings.\n";
    for (const auto& child : Schema::instance().root().children) {
        append_mode(*child, "", out);
    }
    return out;
}

}  // namespace ringwall::sbc::model
