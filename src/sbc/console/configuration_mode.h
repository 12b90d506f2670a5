// The configuration mode of one user of the console: the place where one is, the candidate, and
// what becomes of it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sbc/console/answer.h"
#include "sbc/console/dialogue.h"
#include "sbc/datastore/datastore.h"
#include "sbc/model/tree.h"

namespace ringwall::sbc::console {

// What is done and by whom: for the audit log. Secrets are hidden in it.
using Audit = std::function<void(const User& user, std::string_view what, const std::string& text)>;

class ConfigurationMode {
public:
    ConfigurationMode(datastore::Datastore& datastore, User user, Audit audit)
        : datastore_(datastore), user_(std::move(user)), audit_(std::move(audit)) {}

    bool is_on() const { return is_configuring_; }
    const model::Place& place() const { return place_; }
    bool has_changes() const;
    // What one would change: the candidate, or what runs.
    const model::Tree& tree() const { return candidate_ ? *candidate_ : datastore_.running(); }
    // Something of the candidate was made another, maybe back again: cheaper to ask.
    bool may_have_changes() const { return candidate_ && is_changed_; }
    // "Uncommitted changes found ...": the next line is the answer.
    bool is_asking() const { return asked_ != Asked::Nothing; }

    Answer configure();
    Answer change(const Arguments& words);  // a command of the model
    Answer commit(const Arguments& rest);
    Answer abort();
    Answer clear();
    Answer leave(std::size_t depth);  // back to a mode around
    Answer end();
    Answer question(std::string_view line);
    Answer rollback(const Arguments& rest);
    Answer load(const Arguments& rest);
    Answer save(const Arguments& rest);
    std::vector<std::string> saved_files() const;
    Answer show_configuration(const Arguments& rest, bool as_json);
    Answer show_running(bool as_json);

private:
    Result<void, std::string> begin_candidate();
    void give_back_what_is_as_it_was();
    std::optional<std::filesystem::path> saved_file(const Arguments& rest) const;
    Answer confirm(const datastore::CommitRequest& request);

    datastore::Datastore& datastore_;
    User user_;
    Audit audit_;
    bool is_configuring_ = false;
    model::Place place_;
    std::optional<model::Tree> candidate_;  // none: nothing was changed
    bool is_changed_ = false;               // something of it was made another
    unsigned made_of_ = 0;                  // the generation of what the candidate was made of
    ConfigErrors failed_;                   // of the last commit
    enum class Asked : std::uint8_t { Nothing, CommitBeforeExit };
    Asked asked_ = Asked::Nothing;
};

}  // namespace ringwall::sbc::console
