#include "sbc/model/text_form.h"

#include <algorithm>
#include <string_view>

#include "sbc/model/codec.h"
#include "sbc/model/words.h"

namespace ringwall::sbc::model {
namespace {

using Values = std::vector<std::string>;

// The words of a command with these values.
std::string line_of(const Node& node, const Values& values, Secrets secrets) {
    std::string text = node.command();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Argument& argument = node.arguments[std::min(i, node.arguments.size() - 1)];
        if (argument.is_secret && secrets == Secrets::Hidden) {
            text += " ***";
            continue;
        }
        for (const std::string& word : encode(argument, values[i])) {
            text += " " + quoted(word);
        }
    }
    return text;
}

class Printer {
public:
    Printer(const Tree& from, const Tree& to, Secrets secrets)
        : from_(from), to_(to), secrets_(secrets) {}

    std::string print() {
        mode({}, Schema::instance().root());
        return std::move(out_);
    }

private:
    void line(const Place& place, const std::string& text) {
        // The modes around it, where they are not open yet.
        for (; open_.size() < place.size(); open_.push_back(place[open_.size()])) {
            const Step& step = place[open_.size()];
            write(open_.size(), text_of(*step.mode, step.keys));
        }
        write(place.size(), text);
    }

    void write(std::size_t depth, const std::string& text) {
        out_.append(depth, ' ').append(text).append("\n");
    }

    std::string text_of(const Node& node, const Values& values) const {
        return line_of(node, values, secrets_);
    }

    void mode(const Place& place, const Node& node) {
        for (const auto& child : node.children) {
            if (child->kind == Node::Kind::Mode) {
                modes(place, *child);
            } else if (!child->is_by_no_only) {
                leaf(place, *child);
            }
        }
    }

    void modes(const Place& place, const Node& child) {
        const auto before = from_.entries(place, child);
        const auto after = to_.entries(place, child);
        for (const Values& keys : before) {
            if (std::ranges::find(after, keys) == after.end()) {
                line(place, "no " + text_of(child, keys));
            }
        }
        for (const Values& keys : after) {
            Place inner = place;
            inner.push_back({&child, keys});
            const bool is_new = std::ranges::find(before, keys) == before.end();
            if (is_new) {
                line(place, text_of(child, keys));
                open_.push_back(inner.back());
            }
            mode(inner, child);
            if (open_.size() > place.size()) {
                write(open_.size() - 1, "!");
                open_.pop_back();
            }
        }
    }

    void leaf(const Place& place, const Node& child) {
        if (child.kind == Node::Kind::Record) {
            records(place, child);
            return;
        }
        const Values before = from_.values(place, child);
        const Values after = to_.values(place, child);
        if (child.no_also != nullptr && after.empty()) {
            no_with_also(place, child, before);
            return;
        }
        if (before == after) {
            return;
        }
        if (child.kind == Node::Kind::LeafList && !child.is_together) {
            for (const std::string& value : before) {
                if (std::ranges::find(after, value) == after.end()) {
                    line(place, "no " + text_of(child, {value}));
                }
            }
            for (const std::string& value : after) {
                if (std::ranges::find(before, value) == before.end()) {
                    line(place, text_of(child, {value}));
                }
            }
        } else if (after.empty()) {
            line(place, "no " + child.command());
        } else {
            line(place, text_of(child, child.kind == Node::Kind::Flag ? Values{} : after));
        }
    }

    // 'no attach force normal'
    void no_with_also(const Place& place, const Node& child, const Values& before) {
        const Values also_before = from_.values(place, *child.no_also);
        const Values also = to_.values(place, *child.no_also);
        if (before.empty() && also == also_before) {
            return;
        }
        line(place,
             "no " + child.command() + (also.empty() ? "" : " " + text_of(*child.no_also, also)));
    }

    void records(const Place& place, const Node& child) {
        const auto before = from_.entries(place, child);
        const auto after = to_.entries(place, child);
        const auto has_key = [](const auto& all, const std::string& key) {
            return std::ranges::any_of(all, [&](const Values& each) { return each[0] == key; });
        };
        for (const Values& each : before) {
            if (!has_key(after, each[0])) {
                line(place, "no " + child.command() + " " + quoted(each[0]));
            }
        }
        for (const Values& each : after) {
            if (std::ranges::find(before, each) == before.end()) {
                line(place, text_of(child, each));
            }
        }
    }

    const Tree& from_;
    const Tree& to_;
    Secrets secrets_;
    Place open_;
    std::string out_;
};

}  // namespace

std::string to_text(const Tree& tree, Secrets secrets) {
    return Printer(Tree(), tree, secrets).print();
}

std::string to_line(const Command& command) {
    const bool is_no = command.action == Command::Action::Remove;
    std::string text = line_of(*command.node, command.values, Secrets::Hidden);
    if (!command.also.empty()) {
        text += " " + line_of(*command.node->no_also, {command.also}, Secrets::Hidden);
    }
    return (is_no ? "no " : "") + text;
}

std::string difference(const Tree& from, const Tree& to, Secrets secrets) {
    return Printer(from, to, secrets).print();
}

}  // namespace ringwall::sbc::model
