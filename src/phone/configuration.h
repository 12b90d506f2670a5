// What the phone is set to: the profile that it was started with, and what was set since. Both are
// in one file, the latter behind a line that says so.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "phone/parameters/profile.h"
#include "phone/settings.h"
#include "tls/context.h"

namespace ringwall::phone {

// Any thread may call it.
class Configuration {
public:
    explicit Configuration(std::filesystem::path file) : file_(std::move(file)) {}

    // What is wrong in it, a line each: "FILE:7: ...". The phone starts with the rest; where the
    // certificates cannot be used, without its lines over TLS. The error: it cannot be read.
    Result<std::vector<std::string>, std::string> load();

    // The same while a phone runs, for the next start(); where the file or a certificate cannot be
    // read nothing has changed.
    Result<std::vector<std::string>, std::string> reload();

    // As of the last load() or set(): what a phone is to be started with.
    struct Start {
        SettingsPtr settings;
        std::shared_ptr<const tls::Context> tls;  // of all lines over TLS; null: there is none
    };
    Start start();
    // The phone of the last start() runs.
    void has_started();
    // It could not be started: back to what one ran with last, in the file too.
    void revert();

    struct Shown {
        std::string name;   // "Proxy[1]"
        std::string value;  // *** for a secret that is there
        std::string default_value;
        std::string access;  // na, ro, rw
    };
    // One, or those that differ from their defaults. The error is a sentence.
    Result<Shown, std::string> get(std::string_view name) const;
    std::vector<Shown> changed() const;

    struct Done {
        bool is_new = false;               // it was something else before
        std::vector<std::string> remarks;  // values that now contradict each other
    };
    // Into the file at once, whole or not at all. The error is a sentence, and nothing has changed.
    Result<Done, std::string> set(std::string_view name, std::string_view value);

private:
    struct State {
        Values values;
        std::string own;  // the statements of set()
        Start start;
        bool is_without_tls = false;  // its certificates cannot be used
    };
    enum class WithoutTls : std::uint8_t { Taken, Refused };
    Result<std::vector<std::string>, std::string> read(WithoutTls without_tls);
    static Result<std::vector<std::string>, std::string> draw(State& state, WithoutTls without_tls);
    Result<void, std::string> write(const State& state) const;
    Shown shown(const Parameter& parameter, unsigned n) const;

    std::filesystem::path file_;
    mutable std::mutex mutex_;
    std::string profile_;  // the file, without what set() wrote
    State state_, starting_, running_;
};

}  // namespace ringwall::phone
