// A console without a border controller, for tests of what carries it: it answers each line with
// what the line was and who said it.
#pragma once

#include <string>
#include <vector>

#include "sbc/console/dialogue.h"

namespace ringwall::sbc::console {

class FakeDialogue : public Dialogue {
public:
    explicit FakeDialogue(const User& user) : user_(user) {}

    Reply greet() override { return {"welcome " + user_.name + "\n", prompt(), false, false}; }

    Reply on_line(std::string_view line) override {
        if (is_asked_) {
            is_asked_ = false;
            return {"", prompt(), false, line == "yes"};
        }
        if (line == "exit") {
            is_asked_ = true;
            return {"", prompt(), false, false};
        }
        if (line.ends_with("wrong")) {
            return {.output = "% There is no 'wrong' here.\n",
                    .prompt = prompt(),
                    .failed = true,
                    .fault_at = line.rfind("wrong")};
        }
        if (line == "wrong with a caret") {
            return {"wrong with a caret\n      ^\n% There is no 'wrong' here.\n", prompt(), true,
                    false};
        }
        if (line.starts_with("much ")) {
            return {std::string(std::stoul(std::string(line.substr(5))), 'x') + "\n", prompt(),
                    false, false};
        }
        if (line == "configure") {
            mode_ = "(config)";
            return {"", prompt(), false, false};
        }
        return {.output = user_.session + ": " + std::string(line) + "\n",
                .prompt = prompt(),
                .is_memorable = line.find("hidden") == std::string_view::npos};
    }

    std::vector<model::Suggestion> suggest(std::string_view line) override {
        const std::size_t blank = line.rfind(' ');
        const std::string_view begun = line.substr(blank == std::string_view::npos ? 0 : blank + 1);
        std::vector<model::Suggestion> out;
        for (const model::Suggestion& each :
             {model::Suggestion{"configure", "Change the configuration"},
              model::Suggestion{"security", "How far the peer is trusted"},
              model::Suggestion{"show", "Look at something"},
              model::Suggestion{"signaling-address", "Where it listens"},
              model::Suggestion{"signaling-port", "The port it listens on"},
              model::Suggestion{"NAME", "A name of your choice", false}}) {
            if (!each.is_literal || each.word.starts_with(begun)) {
                out.push_back(each);
            }
        }
        return out;
    }

    void on_gone() override {}

private:
    std::string prompt() const { return is_asked_ ? "Leave? [no]: " : "ringwall" + mode_ + "# "; }

    User user_;
    std::string mode_;
    bool is_asked_ = false;
};

}  // namespace ringwall::sbc::console
