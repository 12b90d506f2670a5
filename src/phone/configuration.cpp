#include "phone/configuration.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "net/file_descriptor.h"
#include "phone/parameters/settings_of.h"

namespace ringwall::phone {
namespace {

constexpr std::string_view mark = "# Set with \"ringwall phone set\":\n";
constexpr const char* system_trust_anchors = "/etc/ssl/certs/ca-certificates.crt";

Result<std::string, std::string> read_file(const std::string& path) {
    const auto unreadable = [&] {
        return fail(path + ": cannot be read: " + std::strerror(errno));
    };
    const net::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.number() < 0) {
        return unreadable();
    }
    std::string text;
    std::array<char, 16'384> part{};
    for (;;) {
        const ssize_t count = ::read(fd.number(), part.data(), part.size());
        if (count == 0) {
            return text;
        }
        if (count < 0 && errno != EINTR) {
            return unreadable();
        }
        text.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

Result<std::string, std::string> read_named(std::string_view parameter, const std::string& path) {
    auto text = read_file(path);
    if (!text) {
        return fail(std::string(parameter) + ": " + text.error());
    }
    return text;
}

bool needs_tls(const LineSettings& line) {
    return line.line_enable &&
           (line.sip_transport == sip::Transport::Tls || line.is_transport_auto);
}

// They share what the System page says.
Result<std::shared_ptr<const tls::Context>, std::string> tls_context(const Settings& settings) {
    if (std::ranges::none_of(settings.lines, needs_tls)) {
        return std::shared_ptr<const tls::Context>();
    }
    const PhoneSettings& phone = settings.phone;
    tls::ContextOptions options;
    options.trust_anchors = TRY(read_named(
        "Custom CA File", phone.custom_ca.empty() ? system_trust_anchors : phone.custom_ca));
    if (!phone.client_certificate.empty()) {
        options.certificate = TRY(read_named("Client Certificate File", phone.client_certificate));
        options.private_key =
            Secret(TRY(read_named("Client Private Key File", phone.client_private_key)));
    }
    options.min_version =
        phone.tls_min_version == TlsMinVersion::Tls13 ? tls::Version::Tls13 : tls::Version::Tls12;
    options.ciphers = phone.tls_cipher_list;
    auto context = tls::Context::create(tls::Context::Role::Client, options);
    if (!context) {
        return fail(context.error().sentence);
    }
    return std::move(*context);
}

// Of the parameter that it speaks of; none for a line that an operator wrote there.
std::optional<NameAndNumber> subject_of(std::string_view statement) {
    return find_numbered(trim(statement.substr(0, statement.find_first_of("\"!?~;#"))));
}

bool is_control(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
}

Result<void, std::string> write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail(std::string(std::strerror(errno)));
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

// Whoever reads the file finds the old text or the new one.
Result<void, std::string> replace_file(const std::filesystem::path& file, std::string_view text) {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::canonical(file, error);
    if (error) {
        return fail(error.message());
    }
    struct stat status {};
    if (::stat(target.c_str(), &status) != 0) {
        return fail(std::string(std::strerror(errno)));
    }
    std::string name = target.string() + ".XXXXXX";
    const net::FileDescriptor fd(::mkostemp(name.data(), O_CLOEXEC));
    const auto give_up = [&](const std::string& why) {
        ::unlink(name.c_str());
        return fail(why);
    };
    if (fd.number() < 0) {
        return fail(std::string(std::strerror(errno)));
    }
    if (const auto written = write_all(fd.number(), text); !written) {
        return give_up(written.error());
    }
    const bool is_like_it = ::fchmod(fd.number(), status.st_mode & 07777) == 0 &&
                            ::fchown(fd.number(), status.st_uid, status.st_gid) == 0;
    if (!is_like_it || ::fsync(fd.number()) != 0 || ::rename(name.c_str(), target.c_str()) != 0) {
        return give_up(std::strerror(errno));
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>, std::string> Configuration::load() {
    const std::lock_guard lock(mutex_);
    auto remarks = TRY(read(WithoutTls::Taken));
    running_ = state_;
    return remarks;
}

Result<std::vector<std::string>, std::string> Configuration::reload() {
    const std::lock_guard lock(mutex_);
    return read(WithoutTls::Refused);
}

Result<std::vector<std::string>, std::string> Configuration::read(WithoutTls without_tls) {
    std::string text = TRY(read_file(file_.string()));
    std::vector<std::string> remarks;
    State state;
    for (const Remark& remark : read_profile(text, state.values)) {
        remarks.push_back(file_.string() + ":" + std::to_string(remark.line) + ": " +
                          remark.sentence);
    }
    if (const auto at = text.find(mark); at != std::string::npos) {
        state.own = text.substr(at + mark.size());
        text.erase(at);
    }
    const std::vector<std::string> drawn = TRY(draw(state, without_tls));
    for (const std::string& remark : drawn) {
        remarks.push_back(file_.string() + ": " + remark);
    }
    profile_ = std::move(text);
    state_ = std::move(state);
    return remarks;
}

// From its values what a phone is started with.
Result<std::vector<std::string>, std::string> Configuration::draw(State& state,
                                                                  WithoutTls without_tls) {
    DrawnSettings drawn = settings_of(state.values);
    auto tls = tls_context(*drawn.settings);
    state.is_without_tls = !tls;
    if (tls) {
        state.start = {std::move(drawn.settings), std::move(*tls)};
        return std::move(drawn.remarks);
    }
    if (without_tls == WithoutTls::Refused) {
        return fail(std::move(tls.error()));
    }
    drawn.remarks.push_back(tls.error() + "; no line over TLS is started");
    auto rest = std::make_shared<Settings>(*drawn.settings);
    for (LineSettings& line : rest->lines) {
        if (needs_tls(line)) {
            line.line_enable = false;
            line.problem = tls.error();
        }
    }
    state.start = {std::move(rest), nullptr};
    return std::move(drawn.remarks);
}

Configuration::Start Configuration::start() {
    const std::lock_guard lock(mutex_);
    starting_ = state_;
    return starting_.start;
}

void Configuration::has_started() {
    const std::lock_guard lock(mutex_);
    running_ = starting_;
}

void Configuration::revert() {
    const std::lock_guard lock(mutex_);
    state_ = running_;
    if (const auto written = write(state_); !written) {
        log::error("phone.profile-not-written", {{"reason", written.error()}});
    }
}

Configuration::Shown Configuration::shown(const Parameter& parameter, unsigned n) const {
    return {full_name(parameter, n), state_.values.shown(parameter, n), default_of(parameter, n),
            std::string(to_string(state_.values.access(parameter, n)))};
}

Result<Configuration::Shown, std::string> Configuration::get(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = find_numbered(name);
    if (!found) {
        return fail(unknown_parameter(name));
    }
    TRY(check_number(*found->parameter, found->n));
    return shown(*found->parameter, found->n);
}

std::vector<Configuration::Shown> Configuration::changed() const {
    const std::lock_guard lock(mutex_);
    std::vector<Shown> out;
    for (const Values::Changed& each : state_.values.changed()) {
        out.push_back(shown(*each.parameter, each.n));
    }
    return out;
}

Result<Configuration::Done, std::string> Configuration::set(std::string_view name,
                                                            std::string_view value) {
    const std::lock_guard lock(mutex_);
    const auto found = find_numbered(name);
    if (!found) {
        return fail(unknown_parameter(name));
    }
    const auto& [parameter, n] = *found;
    if (std::ranges::any_of(value, is_control)) {
        return fail(full_name(*parameter, n) + " is one line of text, without control characters");
    }
    State next = state_;
    TRY(next.values.set(*parameter, n, value));
    std::string own;
    for (std::string_view rest = next.own; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto other = subject_of(line);
        if (!other || other->parameter != parameter || other->n != n) {
            own.append(line).append("\n");
        }
    }
    next.own = own + statement_of(*parameter, n, value) + "\n";
    auto remarks = TRY(draw(next, state_.is_without_tls ? WithoutTls::Taken : WithoutTls::Refused));
    TRY(write(next));
    const bool is_new = next.values != state_.values;
    state_ = std::move(next);
    return Done{is_new, std::move(remarks)};
}

Result<void, std::string> Configuration::write(const State& state) const {
    std::string text = profile_;
    if (!text.empty() && text.back() != '\n') {
        text.push_back('\n');
    }
    if (!state.own.empty()) {
        text.append(mark).append(state.own);
    }
    if (const auto written = replace_file(file_, text); !written) {
        return fail(file_.string() +
                    ": cannot be written, so nothing has changed: " + written.error());
    }
    return {};
}

}  // namespace ringwall::phone
