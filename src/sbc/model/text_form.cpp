#include "sbc/model/text_form.h"

#include <algorithm>
#include <cstdint>
#include <set>
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
            text.append(" ").append(hidden_secret);
            continue;
        }
        for (const std::string& word : encode(argument, values[i])) {
            text += " " + quoted(word);
        }
    }
    return text;
}

enum class Style : std::uint8_t { Commands, Marked };

class Printer {
public:
    Printer(const Tree& from, const Tree& to, Secrets secrets, Style style)
        : from_(from), to_(to), secrets_(secrets), style_(style) {}

    std::string print() {
        mode({}, Schema::instance().root());
        return std::move(out_);
    }

private:
    void gone(const Place& place, const std::string& text, const std::string& command) {
        open_modes(place);
        write('-', place.size(), style_ == Style::Marked ? text : "no " + command);
    }
    void added(const Place& place, const std::string& text) {
        open_modes(place);
        write('+', place.size(), text);
    }
    // Those around, where they are not open yet.
    void open_modes(const Place& place) {
        for (; open_.size() < place.size(); open_.push_back(place[open_.size()])) {
            const Step& step = place[open_.size()];
            write(' ', open_.size(), text_of(*step.mode, step.keys));
        }
    }
    void write(char mark, std::size_t depth, const std::string& text) {
        if (style_ == Style::Marked) {
            out_.append(1, mark).append(1, ' ');
        }
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
        const std::set<Values> known(before.begin(), before.end());
        const std::set<Values> kept(after.begin(), after.end());
        for (const Values& keys : before) {
            if (!kept.contains(keys)) {
                gone(place, text_of(child, keys), text_of(child, keys));
            }
        }
        for (const Values& keys : after) {
            Place inner = place;
            inner.push_back({&child, keys});
            if (!known.contains(keys)) {
                added(place, text_of(child, keys));
                open_.push_back(inner.back());
            }
            mode(inner, child);
            if (open_.size() > place.size()) {
                if (style_ == Style::Commands) {
                    write(' ', open_.size() - 1, "!");
                }
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
        } else if (child.kind == Node::Kind::LeafList && !child.is_together) {
            each_of(place, child, before, after);
        } else if (before != after) {
            const auto text = [&](const Values& values) {
                return text_of(child, child.kind == Node::Kind::Flag ? Values{} : values);
            };
            if (!before.empty() && (after.empty() || style_ == Style::Marked)) {
                gone(place, text(before), child.command());
            }
            if (!after.empty()) {
                added(place, text(after));
            }
        }
    }

    void each_of(const Place& place, const Node& child, const Values& before, const Values& after) {
        std::size_t staying = 0;  // what is added comes after these
        for (const std::string& value : before) {
            if (staying < after.size() && after[staying] == value) {
                ++staying;
            } else {
                gone(place, text_of(child, {value}), text_of(child, {value}));
            }
        }
        for (; staying < after.size(); ++staying) {
            added(place, text_of(child, {after[staying]}));
        }
    }

    // 'no attach force normal'
    void no_with_also(const Place& place, const Node& child, const Values& before) {
        const Values also_before = from_.values(place, *child.no_also);
        const Values also = to_.values(place, *child.no_also);
        if (before.empty() && also == also_before) {
            return;
        }
        const std::string command =
            child.command() + (also.empty() ? "" : " " + text_of(*child.no_also, also));
        if (style_ == Style::Marked && before.empty()) {
            gone(place, "no " + child.command(), "");
            added(place, "no " + command);
        } else {
            gone(place, child.command(), command);
        }
    }

    void records(const Place& place, const Node& child) {
        const auto before = from_.entries(place, child);
        const auto after = to_.entries(place, child);
        const auto has_key = [](const auto& all, const std::string& key) {
            return std::ranges::any_of(all, [&](const Values& each) { return each[0] == key; });
        };
        for (const Values& each : before) {
            const bool is_other = std::ranges::find(after, each) == after.end();
            if (!has_key(after, each[0]) || (style_ == Style::Marked && is_other)) {
                gone(place, text_of(child, each), child.command() + " " + quoted(each[0]));
            }
        }
        for (const Values& each : after) {
            if (std::ranges::find(before, each) == before.end()) {
                added(place, text_of(child, each));
            }
        }
    }

    const Tree& from_;
    const Tree& to_;
    Secrets secrets_;
    Style style_;
    Place open_;
    std::string out_;
};

}  // namespace

std::string to_text(const Tree& tree, Secrets secrets) {
    const Tree nothing;
    return Printer(nothing, tree, secrets, Style::Commands).print();
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
    return Printer(from, to, secrets, Style::Commands).print();
}

std::string marked_difference(const Tree& from, const Tree& to, Secrets secrets) {
    return Printer(from, to, secrets, Style::Marked).print();
}

}  // namespace ringwall::sbc::model
