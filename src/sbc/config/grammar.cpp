#include "sbc/config/grammar.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "sbc/config/word_values.h"

namespace ringwall::sbc {
namespace {

enum class Mode : std::uint8_t {
    Top,
    Service,
    Sbe,
    Subscriber,
    Adjacency,
    PolicySet,
    Table,
    Entry
};

// How one comes into a mode: what an operator is told.
std::string_view entered_by(Mode mode) {
    switch (mode) {
        case Mode::Top:
            return "the beginning of the file";
        case Mode::Service:
            return "'sbc NAME'";
        case Mode::Sbe:
            return "'sbe'";
        case Mode::Subscriber:
            return "'subscriber USER@DOMAIN'";
        case Mode::Adjacency:
            return "'adjacency sip NAME'";
        case Mode::PolicySet:
            return "'call-policy-set NUMBER'";
        case Mode::Table:
            return "a routing table";
        case Mode::Entry:
            return "'entry NUMBER'";
    }
    return "";
}

using Done = Result<void, ConfigError>;

// One command as it was given.
struct Given {
    unsigned line = 0;
    std::string_view command;  // "tls certificate"
    std::span<const std::string> values;

    const std::string& value() const { return values.front(); }
};

template <class T>
struct Choice {
    std::string_view word;
    T value;
};
template <class T>
Choice(const char*, T) -> Choice<T>;

constexpr std::array security_words{Choice{"untrusted", Security::Untrusted},
                                    Choice{"trusted-encrypted", Security::TrustedEncrypted},
                                    Choice{"trusted-unencrypted", Security::TrustedUnencrypted}};
constexpr std::array sip_calls_in_words{Choice{"insecure", SipCallsIn::Insecure},
                                        Choice{"secure", SipCallsIn::Secure},
                                        Choice{"reject", SipCallsIn::Reject}};
constexpr std::array sip_calls_out_words{Choice{"refuse", SipCallsOut::Refuse},
                                         Choice{"secure-only", SipCallsOut::SecureOnly},
                                         Choice{"any", SipCallsOut::Any}};
constexpr std::array sips_conversion_words{Choice{"off", SipsConversion::Off},
                                           Choice{"to-sip", SipsConversion::ToSip}};
constexpr std::array untrusted_callers_words{Choice{"allow", UntrustedCallers::Allow},
                                             Choice{"refuse", UntrustedCallers::Refuse}};
constexpr std::array media_security_words{Choice{"off", MediaSecurity::Off},
                                          Choice{"preferred", MediaSecurity::Preferred},
                                          Choice{"required", MediaSecurity::Required}};
constexpr std::array refer_words{Choice{"pass", ReferMode::Pass},
                                 Choice{"refuse", ReferMode::Refuse},
                                 Choice{"handle", ReferMode::Handle}};
constexpr std::array replaces_words{Choice{"own", ReplacesMode::Own},
                                    Choice{"trusted", ReplacesMode::Trusted}};
constexpr std::array profile_words{Choice{"preset-access", Profile::Access},
                                   Choice{"preset-peering", Profile::Peering},
                                   Choice{"preset-core", Profile::Core}};
constexpr std::array transport_words{Choice{"tcp", sip::Transport::Tcp},
                                     Choice{"udp", sip::Transport::Udp}};
constexpr std::array client_authentication_words{
    Choice{"off", tls::ClientAuthentication::Off},
    Choice{"optional", tls::ClientAuthentication::Optional},
    Choice{"required", tls::ClientAuthentication::Required}};
constexpr std::array digest_algorithm_words{
    Choice{"md5", sip::auth::Algorithm::Md5}, Choice{"sha-256", sip::auth::Algorithm::Sha256},
    Choice{"sha-512-256", sip::auth::Algorithm::Sha512t256}};
constexpr std::array redirect_words{Choice{"pass-through", RedirectMode::PassThrough},
                                    Choice{"recurse", RedirectMode::Recurse}};
constexpr std::array family_words{Choice{"ipv4", IpAddress::Family::V4},
                                  Choice{"ipv6", IpAddress::Family::V6}};

// Reads line after line into the draft.
class DraftReader {
public:
    explicit DraftReader(std::string file_name) : file_name_(std::move(file_name)) {}

    Done read(const WordsLine& line);
    Draft take() { return std::move(draft_); }

private:
    struct Command;
    static std::span<const Command> commands();

    const Command* find(Mode mode, std::span<const std::string> words) const;
    ConfigError not_understood(const WordsLine& line) const;
    ConfigError error(unsigned line, std::string_view word, const std::string& sentence) const {
        return {file_name_, line, std::string(word), sentence};
    }
    auto wrong(const Given& given, std::string_view word, const std::string& sentence) const {
        return fail(error(given.line, word, shown(word) + " " + sentence));
    }

    // Notes a leaf that may be said once.
    Done once(SaidOnLine& said, const Given& given) const;
    template <class T, std::size_t size>
    Result<T, ConfigError> choice(const Given& given, const std::string& word,
                                  const std::array<Choice<T>, size>& choices) const;
    template <class T, std::size_t size>
    Done choose(SaidOnLine& said, const Given& given, const std::array<Choice<T>, size>& choices,
                T& out) const;
    template <class T>
    Done number(SaidOnLine& said, const Given& given, T min, T max, T& out) const;
    Result<std::string, ConfigError> name(const Given& given) const;
    Result<IpAddress, ConfigError> address(const Given& given, IpAddress::Family family,
                                           const std::string& word) const;
    Result<std::vector<int>, ConfigError> status_codes(const Given& given) const;
    Done text(SaidOnLine& said, const Given& given, std::string& out) const;
    Done file(TlsFiles& files, const Given& given, std::string& out) const;
    // Enters a named thing that may exist once. `names` keeps where.
    Done first_time(std::map<std::string, unsigned>& names, const Given& given,
                    const std::string& name) const;

    Done enter_service(const Given& given);
    Done enter_subscriber(const Given& given);
    Done enter_adjacency(const Given& given);
    Done enter_policy_set(const Given& given);
    Done enter_table(const Given& given, RoutingTable::Kind kind);
    Done enter_entry(const Given& given);
    Done activate_policy_set(const Given& given);
    Done password(const Given& given);
    Done signaling_address(const Given& given);
    Done remote_address(const Given& given);
    Done signaling_peer(const Given& given);
    Done local_id(const Given& given);
    Done add_name(const Given& given, std::vector<std::string>& out);
    Done handshake_timeout(const Given& given);
    Done digest_algorithms(const Given& given);
    Done outbound_account(const Given& given);
    Done outbound_registration(const Given& given);
    Done match(const Given& given, RoutingTable::Kind kind);
    Done action(const Given& given);

    DraftSubscriber& subscriber() { return draft_.subscribers.back(); }
    DraftAdjacency& adjacency() { return draft_.adjacencies.back(); }
    DraftPolicySet& policy_set() { return draft_.policy_sets.back(); }
    DraftTable& table() { return policy_set().tables.back(); }
    DraftEntry& entry() { return table().entries.back(); }

    std::string file_name_;
    std::vector<Mode> modes_{Mode::Top};
    Draft draft_;
    // Where each name was first given.
    std::map<std::string, unsigned> subscriber_lines_{};
    std::map<std::string, unsigned> adjacency_lines_{};
    std::map<std::string, unsigned> set_lines_{};
    std::map<std::string, unsigned> table_lines_{};  // of the current set
    std::map<std::string, unsigned> entry_lines_{};  // of the current table
};

// A command of one or two words.
struct DraftReader::Command {
    static constexpr std::size_t any = SIZE_MAX;

    Mode mode;
    std::string_view words;
    std::string_view values;  // as told to the operator
    std::size_t min_values;
    std::size_t max_values;
    Done (*run)(DraftReader& self, const Given& given);

    std::string_view first_word() const { return words.substr(0, words.find(' ')); }
    std::string_view second_word() const {
        const std::size_t blank = words.find(' ');
        return blank == std::string_view::npos ? std::string_view() : words.substr(blank + 1);
    }
    std::size_t word_count() const { return second_word().empty() ? 1 : 2; }
    std::string usage() const {
        return std::string(words) + (values.empty() ? "" : " ") + std::string(values);
    }
};

std::span<const DraftReader::Command> DraftReader::commands() {
    using Self = DraftReader;
    using enum Mode;
    static constexpr std::size_t any = Command::any;
    static const std::array all{
        Command{Top, "sbc", "NAME", 1, 1,
                [](Self& self, const Given& given) { return self.enter_service(given); }},
        Command{Service, "sbe", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.draft_.has_sbe = true;
                    self.modes_.push_back(Sbe);
                    return {};
                }},

        Command{Sbe, "tls certificate", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    return self.file(self.draft_.files, given, self.draft_.files.certificate);
                }},
        Command{Sbe, "tls private-key", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    return self.file(self.draft_.files, given, self.draft_.files.private_key);
                }},
        Command{Sbe, "tls trust-anchors", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    return self.file(self.draft_.files, given, self.draft_.files.trust_anchors);
                }},
        Command{Sbe, "sip hunting-trigger", "CODE ...", 1, any,
                [](Self& self, const Given& given) -> Done {
                    TRY(self.once(self.draft_.said, given));
                    self.draft_.hunting_trigger = TRY(self.status_codes(given));
                    return {};
                }},
        Command{Sbe, "subscriber", "USER@DOMAIN", 1, 1,
                [](Self& self, const Given& given) { return self.enter_subscriber(given); }},
        Command{Sbe, "adjacency sip", "NAME", 1, 1,
                [](Self& self, const Given& given) { return self.enter_adjacency(given); }},
        Command{Sbe, "call-policy-set", "NUMBER", 1, 1,
                [](Self& self, const Given& given) { return self.enter_policy_set(given); }},
        Command{Sbe, "call-policy-set default", "NUMBER", 1, 1,
                [](Self& self, const Given& given) { return self.activate_policy_set(given); }},
        Command{Sbe, "active-call-policy-set", "NUMBER", 1, 1,
                [](Self& self, const Given& given) { return self.activate_policy_set(given); }},

        Command{Subscriber, "password", "WORD", 1, 1,
                [](Self& self, const Given& given) { return self.password(given); }},
        Command{Subscriber, "username", "WORD", 1, 1,
                [](Self& self, const Given& given) {
                    return self.text(self.subscriber().said, given,
                                     self.subscriber().subscriber.username);
                }},
        Command{Subscriber, "realm", "WORD", 1, 1,
                [](Self& self, const Given& given) {
                    return self.text(self.subscriber().said, given,
                                     self.subscriber().subscriber.realm);
                }},
        Command{Subscriber, "certificate-name", "WORD", 1, 1,
                [](Self& self, const Given& given) {
                    return self.text(self.subscriber().said, given,
                                     self.subscriber().subscriber.certificate_name);
                }},

        Command{Adjacency, "description", "TEXT", 1, any,
                [](Self& self, const Given& given) -> Done {
                    std::string& out = self.adjacency().adjacency.description;
                    TRY(self.once(self.adjacency().said, given));
                    for (const std::string& word : given.values) {
                        out += (out.empty() ? "" : " ") + word;
                    }
                    return {};
                }},
        Command{Adjacency, "security", "untrusted|trusted-encrypted|trusted-unencrypted", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, security_words,
                                       self.adjacency().adjacency.security);
                }},
        Command{Adjacency, "no security", "", 0, 0,
                [](Self& self, const Given& given) -> Done {
                    Given security = given;
                    security.command = "security";
                    TRY(self.once(self.adjacency().said, security));
                    self.adjacency().adjacency.security = Security::Untrusted;
                    return {};
                }},
        Command{Adjacency, "sip-calls-in", "insecure|secure|reject", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, sip_calls_in_words,
                                       self.adjacency().adjacency.sip_calls_in);
                }},
        Command{Adjacency, "sip-calls-out", "refuse|secure-only|any", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, sip_calls_out_words,
                                       self.adjacency().adjacency.sip_calls_out);
                }},
        Command{Adjacency, "sips-conversion", "off|to-sip", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, sips_conversion_words,
                                       self.adjacency().adjacency.sips_conversion);
                }},
        Command{Adjacency, "untrusted-callers", "allow|refuse", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, untrusted_callers_words,
                                       self.adjacency().adjacency.untrusted_callers);
                }},
        Command{Adjacency, "media-security", "off|preferred|required", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, media_security_words,
                                       self.adjacency().adjacency.media_security);
                }},
        Command{Adjacency, "replaces", "own|trusted", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, replaces_words,
                                       self.adjacency().adjacency.replaces);
                }},
        Command{Adjacency, "refer", "pass|refuse|handle", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, refer_words,
                                       self.adjacency().adjacency.refer);
                }},
        Command{Adjacency, "inherit profile", "preset-access|preset-peering|preset-core", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, profile_words,
                                       self.adjacency().adjacency.profile);
                }},
        Command{Adjacency, "signaling-address", "ipv4|ipv6 ADDRESS", 2, 2,
                [](Self& self, const Given& given) { return self.signaling_address(given); }},
        Command{Adjacency, "signaling-port", "PORT", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint16_t>(self.adjacency().said, given, 1, 65535,
                                                      self.adjacency().adjacency.signaling_port);
                }},
        Command{Adjacency, "remote-address", "ipv4 NET MASK, or ipv6 NET/LENGTH", 2, 3,
                [](Self& self, const Given& given) { return self.remote_address(given); }},
        Command{Adjacency, "signaling-peer", "HOST", 1, 1,
                [](Self& self, const Given& given) { return self.signaling_peer(given); }},
        Command{Adjacency, "signaling-peer-port", "PORT", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint16_t>(
                        self.adjacency().said, given, 1, 65535,
                        self.adjacency().adjacency.signaling_peer_port);
                }},
        Command{Adjacency, "preferred-transport", "tcp|udp", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, transport_words,
                                       self.adjacency().adjacency.preferred_transport);
                }},
        Command{Adjacency, "mandated-transport", "tcp|udp", 1, 1,
                [](Self& self, const Given& given) -> Done {
                    sip::Transport transport{};
                    TRY(self.choose(self.adjacency().said, given, transport_words, transport));
                    self.adjacency().adjacency.mandated_transport = transport;
                    return {};
                }},
        Command{Adjacency, "local-id host", "NAME", 1, 1,
                [](Self& self, const Given& given) { return self.local_id(given); }},
        Command{Adjacency, "domain", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.add_name(given, self.adjacency().adjacency.domains);
                }},
        Command{Adjacency, "tls certificate", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    TlsFiles& files = self.adjacency().files;
                    return self.file(files, given, files.certificate);
                }},
        Command{Adjacency, "tls private-key", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    TlsFiles& files = self.adjacency().files;
                    return self.file(files, given, files.private_key);
                }},
        Command{Adjacency, "tls trust-anchors", "FILE", 1, 1,
                [](Self& self, const Given& given) {
                    TlsFiles& files = self.adjacency().files;
                    return self.file(files, given, files.trust_anchors);
                }},
        Command{Adjacency, "tls client-authentication", "off|optional|required", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, client_authentication_words,
                                       self.adjacency().adjacency.tls_client_authentication);
                }},
        Command{Adjacency, "tls peer-domain", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.add_name(given, self.adjacency().adjacency.tls_peer_domains);
                }},
        Command{Adjacency, "tls allow-wildcard", "", 0, 0,
                [](Self& self, const Given& given) -> Done {
                    self.adjacency().said.note(given.command, given.line);
                    self.adjacency().adjacency.tls_allow_wildcard = true;
                    return {};
                }},
        Command{Adjacency, "tls handshake-timeout", "SECONDS", 1, 1,
                [](Self& self, const Given& given) { return self.handshake_timeout(given); }},
        Command{Adjacency, "authentication algorithm", "both, or md5|sha-256|sha-512-256 ...", 1, 3,
                [](Self& self, const Given& given) { return self.digest_algorithms(given); }},
        Command{Adjacency, "authentication-realm outbound", "REALM USER PASSWORD", 3, 3,
                [](Self& self, const Given& given) { return self.outbound_account(given); }},
        Command{Adjacency, "register", "USER@DOMAIN", 1, 1,
                [](Self& self, const Given& given) { return self.outbound_registration(given); }},
        Command{Adjacency, "registration-expiry", "SECONDS", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint32_t>(
                        self.adjacency().said, given, 60, 86'400,
                        self.adjacency().adjacency.registration_expiry);
                }},
        Command{Adjacency, "redirect-mode", "pass-through|recurse", 1, 1,
                [](Self& self, const Given& given) {
                    return self.choose(self.adjacency().said, given, redirect_words,
                                       self.adjacency().adjacency.redirect_mode);
                }},
        Command{Adjacency, "redirect-limit", "NUMBER", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<unsigned>(self.adjacency().said, given, 0, 20,
                                                 self.adjacency().adjacency.redirect_limit);
                }},
        Command{Adjacency, "session-timer", "SECONDS", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint32_t>(
                        self.adjacency().said, given, 90, 86400,
                        self.adjacency().adjacency.session_timer.emplace());
                }},
        Command{Adjacency, "no session-timer", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.adjacency().adjacency.session_timer.reset();
                    return {};
                }},
        Command{Adjacency, "session-timer-minimum", "SECONDS", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint32_t>(
                        self.adjacency().said, given, 90, 86400,
                        self.adjacency().adjacency.session_timer_minimum);
                }},
        Command{Adjacency, "hunting-trigger", "CODE ...", 1, any,
                [](Self& self, const Given& given) -> Done {
                    TRY(self.once(self.adjacency().said, given));
                    self.adjacency().adjacency.hunting_trigger = TRY(self.status_codes(given));
                    return {};
                }},
        Command{Adjacency, "reg-min-expiry", "SECONDS", 1, 1,
                [](Self& self, const Given& given) {
                    return self.number<std::uint32_t>(self.adjacency().said, given, 1, 7200,
                                                      self.adjacency().adjacency.reg_min_expiry);
                }},
        Command{Adjacency, "attach", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.adjacency().adjacency.is_attached = true;
                    return {};
                }},
        Command{Adjacency, "activate", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.adjacency().adjacency.is_attached = true;
                    return {};
                }},
        Command{Adjacency, "no attach", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.adjacency().adjacency.is_attached = false;
                    return {};
                }},
        Command{Adjacency, "no activate", "", 0, 0,
                [](Self& self, const Given&) -> Done {
                    self.adjacency().adjacency.is_attached = false;
                    return {};
                }},

        Command{PolicySet, "first-call-routing-table", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.text(self.policy_set().said, given, self.policy_set().first_table);
                }},
        Command{PolicySet, "rtg-src-adjacency-table", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.enter_table(given, RoutingTable::Kind::SourceAdjacency);
                }},
        Command{PolicySet, "rtg-dst-address-table", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.enter_table(given, RoutingTable::Kind::DestinationAddress);
                }},
        Command{PolicySet, "rtg-dst-domain-table", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.enter_table(given, RoutingTable::Kind::DestinationDomain);
                }},
        Command{PolicySet, "complete", "", 0, 0,
                [](Self&, const Given&) -> Done { return {}; }},

        Command{Table, "entry", "NUMBER", 1, 1,
                [](Self& self, const Given& given) { return self.enter_entry(given); }},

        Command{Entry, "match-adjacency", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.match(given, RoutingTable::Kind::SourceAdjacency);
                }},
        Command{Entry, "match-prefix", "DIGITS", 1, 1,
                [](Self& self, const Given& given) {
                    return self.match(given, RoutingTable::Kind::DestinationAddress);
                }},
        Command{Entry, "match-address", "USER", 1, 1,
                [](Self& self, const Given& given) {
                    return self.match(given, RoutingTable::Kind::DestinationAddress);
                }},
        Command{Entry, "match-domain", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.match(given, RoutingTable::Kind::DestinationDomain);
                }},
        Command{Entry, "dst-adjacency", "NAME", 1, 1,
                [](Self& self, const Given& given) {
                    return self.text(self.entry().said, given, self.entry().destination);
                }},
        Command{Entry, "action", "complete|reject|next-table NAME", 1, 2,
                [](Self& self, const Given& given) { return self.action(given); }},
    };
    return all;
}

Done DraftReader::read(const WordsLine& line) {
    if (line.words.front() == "exit") {
        if (line.words.size() > 1) {
            return fail(error(line.number, "exit", "'exit' stands alone on its line"));
        }
        if (modes_.size() == 1) {
            return fail(error(line.number, "exit", "'exit' has no mode to leave here"));
        }
        modes_.pop_back();
        return {};
    }
    const Command* command = nullptr;
    std::size_t depth = modes_.size();
    while (depth > 0 && command == nullptr) {
        --depth;
        command = find(modes_[depth], line.words);
    }
    if (command == nullptr) {
        return fail(not_understood(line));
    }
    const auto values = std::span(line.words).subspan(command->word_count());
    if (values.size() < command->min_values || values.size() > command->max_values) {
        return fail(error(line.number, command->words,
                          "'" + std::string(command->words) + "' has too " +
                              (values.size() < command->min_values ? "few" : "many") +
                              " words; write: " + command->usage()));
    }
    modes_.resize(depth + 1);
    return command->run(*this, {line.number, command->words, values});
}

const DraftReader::Command* DraftReader::find(Mode mode, std::span<const std::string> words) const {
    const Command* found = nullptr;
    for (const Command& command : commands()) {
        if (command.mode != mode || command.first_word() != words[0]) {
            continue;
        }
        if (command.word_count() == 1) {
            found = found == nullptr ? &command : found;
        } else if (words.size() > 1 && command.second_word() == words[1]) {
            found = &command;
        }
    }
    return found;
}

// Shows the first word of the line, and the second only where it should be a command's second word:
// what follows may be a secret.
ConfigError DraftReader::not_understood(const WordsLine& line) const {
    const std::string& word = line.words.front();
    for (auto mode = modes_.rbegin(); mode != modes_.rend(); ++mode) {
        std::vector<std::string_view> second_words;
        for (const Command& command : commands()) {
            if (command.mode == *mode && command.first_word() == word) {
                second_words.push_back(command.second_word());
            }
        }
        if (second_words.empty()) {
            continue;
        }
        if (line.words.size() == 1) {
            return error(line.number, word,
                         shown(word) + " needs another word; " + one_of(second_words));
        }
        return error(
            line.number, line.words[1],
            shown(line.words[1]) + " does not go after '" + word + "'; " + one_of(second_words));
    }
    std::vector<std::string_view> here;
    for (const Command& command : commands()) {
        if (command.first_word() == word) {
            return error(line.number, word,
                         shown(word) + " does not belong here; it goes under " +
                             std::string(entered_by(command.mode)));
        }
        if (std::ranges::find(modes_, command.mode) != modes_.end() &&
            std::ranges::find(here, command.first_word()) == here.end()) {
            here.push_back(command.first_word());
        }
    }
    const std::string_view meant = nearest(word, here);
    // Under a subscriber a word that is like no command may be the password: it is not shown.
    const bool may_be_secret = modes_.back() == Mode::Subscriber && meant.empty();
    std::string sentence = (may_be_secret ? "there" : shown(word)) + " is no command " +
                           (may_be_secret ? "like this " : "") + "under " +
                           std::string(entered_by(modes_.back()));
    if (!meant.empty()) {
        sentence += "; did you mean '" + std::string(meant) + "'?";
    } else {
        std::erase_if(here, [&](std::string_view each) {
            return std::ranges::none_of(commands(), [&](const Command& command) {
                return command.mode == modes_.back() && command.first_word() == each;
            });
        });
        sentence += "; " + one_of(here);
    }
    return error(line.number, may_be_secret ? "" : word, sentence);
}

Done DraftReader::once(SaidOnLine& said, const Given& given) const {
    if (said.has(given.command)) {
        return fail(error(given.line, given.command,
                          "'" + std::string(given.command) + "' was already given on line " +
                              std::to_string(said.line(given.command)) + "; keep one of them"));
    }
    said.note(given.command, given.line);
    return {};
}

template <class T, std::size_t size>
Result<T, ConfigError> DraftReader::choice(const Given& given, const std::string& word,
                                           const std::array<Choice<T>, size>& choices) const {
    std::vector<std::string_view> words;
    for (const Choice<T>& each : choices) {
        if (each.word == word) {
            return each.value;
        }
        words.push_back(each.word);
    }
    return wrong(given, word,
                 "is no value of '" + std::string(given.command) + "'; " + one_of(words));
}

template <class T, std::size_t size>
Done DraftReader::choose(SaidOnLine& said, const Given& given,
                         const std::array<Choice<T>, size>& choices, T& out) const {
    TRY(once(said, given));
    out = TRY(choice(given, given.value(), choices));
    return {};
}

template <class T>
Done DraftReader::number(SaidOnLine& said, const Given& given, T min, T max, T& out) const {
    TRY(once(said, given));
    const auto value = parse_number(given.value(), max);
    if (!value || *value < min) {
        return wrong(given, given.value(),
                     "does not fit '" + std::string(given.command) + "'; use a number from " +
                         std::to_string(min) + " to " + std::to_string(max));
    }
    out = static_cast<T>(*value);
    return {};
}

Result<std::string, ConfigError> DraftReader::name(const Given& given) const {
    if (!is_identifier(given.value())) {
        return wrong(given, given.value(),
                     "is no name; use at most 30 letters, digits, '-', '_' and '.'");
    }
    return given.value();
}

Result<IpAddress, ConfigError> DraftReader::address(const Given& given, IpAddress::Family family,
                                                    const std::string& word) const {
    const auto address = IpAddress::parse(word);
    if (!address || address->family != family) {
        return wrong(given, word,
                     family == IpAddress::Family::V4
                         ? "is no IPv4 address; write it like 192.0.2.1"
                         : "is no IPv6 address; write it like 2001:db8::1");
    }
    return *address;
}

Result<std::vector<int>, ConfigError> DraftReader::status_codes(const Given& given) const {
    std::vector<int> codes;
    for (const std::string& word : given.values) {
        const auto code = parse_number(word, 699);
        if (!code || *code < 400) {
            return wrong(
                given, word,
                "is no status code that hunting can go on from; use codes from 400 to 699");
        }
        codes.push_back(static_cast<int>(*code));
    }
    return codes;
}

Done DraftReader::text(SaidOnLine& said, const Given& given, std::string& out) const {
    TRY(once(said, given));
    if (given.value().empty()) {
        return fail(error(given.line, given.command,
                          "'" + std::string(given.command) + "' must not be empty"));
    }
    out = given.value();
    return {};
}

Done DraftReader::file(TlsFiles& files, const Given& given, std::string& out) const {
    return text(files.said, given, out);
}

Done DraftReader::first_time(std::map<std::string, unsigned>& names, const Given& given,
                             const std::string& name) const {
    const auto [at, is_new] = names.emplace(name, given.line);
    if (!is_new) {
        return fail(error(given.line, name,
                          "'" + std::string(given.command) + "' " + shown(name) +
                              " is there twice, first on line " + std::to_string(at->second) +
                              "; give one of them another name or remove it"));
    }
    return {};
}

Done DraftReader::enter_service(const Given& given) {
    TRY(once(draft_.said, given));
    draft_.service = TRY(name(given));
    modes_.push_back(Mode::Service);
    return {};
}

Done DraftReader::enter_subscriber(const Given& given) {
    const auto user = canonical_user(given.value());
    if (!user) {
        // Not shown: a password may have slipped in ("alice:secret@example.com").
        return fail(error(given.line, given.command,
                          "'subscriber' needs an address-of-record like alice@example.com, without "
                          "port, password or parameters"));
    }
    TRY(first_time(subscriber_lines_, given, *user));
    DraftSubscriber& added = draft_.subscribers.emplace_back();
    added.line = given.line;
    added.subscriber.address_of_record = *user;
    const std::size_t at = user->rfind('@');
    added.subscriber.username = user->substr(0, at);
    added.subscriber.realm = user->substr(at + 1);
    modes_.push_back(Mode::Subscriber);
    return {};
}

Done DraftReader::enter_adjacency(const Given& given) {
    const std::string adjacency_name = TRY(name(given));
    TRY(first_time(adjacency_lines_, given, adjacency_name));
    DraftAdjacency& added = draft_.adjacencies.emplace_back();
    added.line = given.line;
    added.adjacency.name = adjacency_name;
    modes_.push_back(Mode::Adjacency);
    return {};
}

Done DraftReader::enter_policy_set(const Given& given) {
    DraftPolicySet added;
    TRY(number<unsigned>(added.said, given, 1, 0x7fff'ffff, added.number));
    TRY(first_time(set_lines_, given, std::to_string(added.number)));
    added.line = given.line;
    draft_.policy_sets.push_back(std::move(added));
    table_lines_.clear();
    modes_.push_back(Mode::PolicySet);
    return {};
}

Done DraftReader::enter_table(const Given& given, RoutingTable::Kind kind) {
    DraftTable added;
    added.line = given.line;
    added.table.name = TRY(name(given));
    added.table.kind = kind;
    TRY(first_time(table_lines_, given, added.table.name));
    policy_set().tables.push_back(std::move(added));
    entry_lines_.clear();
    modes_.push_back(Mode::Table);
    return {};
}

Done DraftReader::enter_entry(const Given& given) {
    DraftEntry added;
    TRY(number<unsigned>(added.said, given, 1, 0x7fff'ffff, added.entry.number));
    TRY(first_time(entry_lines_, given, std::to_string(added.entry.number)));
    added.line = given.line;
    table().entries.push_back(std::move(added));
    modes_.push_back(Mode::Entry);
    return {};
}

Done DraftReader::activate_policy_set(const Given& given) {
    // Both spellings are one leaf.
    Given active = given;
    active.command = "active-call-policy-set";
    unsigned set_number = 0;
    TRY(number<unsigned>(draft_.said, active, 1, 0x7fff'ffff, set_number));
    draft_.active_policy_set = set_number;
    return {};
}

Done DraftReader::password(const Given& given) {
    std::string value;
    TRY(text(subscriber().said, given, value));
    subscriber().password = Secret(std::move(value));
    return {};
}

Done DraftReader::signaling_address(const Given& given) {
    TRY(once(adjacency().said, given));
    const auto family = TRY(choice(given, given.values[0], family_words));
    const IpAddress local = TRY(address(given, family, given.values[1]));
    if (local.is_unspecified() || local.is_broadcast_or_multicast()) {
        return wrong(given, given.values[1],
                     "is no address of a host; give one address of this machine");
    }
    adjacency().adjacency.signaling_address = local;
    return {};
}

Done DraftReader::remote_address(const Given& given) {
    const auto family = TRY(choice(given, given.values[0], family_words));
    Network network;
    if (family == IpAddress::Family::V4) {
        if (given.values.size() != 3) {
            return wrong(given, given.values[1],
                         "lacks its mask; write: remote-address ipv4 NET MASK");
        }
        network.address = TRY(address(given, family, given.values[1]));
        const auto prefix = prefix_of_mask(TRY(address(given, family, given.values[2])));
        if (!prefix) {
            return wrong(given, given.values[2],
                         "is no mask: its ones must stand together, as in 255.255.255.0");
        }
        network.prefix_length = *prefix;
    } else {
        const std::string& word = given.values[1];
        const std::size_t slash = word.find('/');
        const auto prefix = slash == std::string::npos
                                ? std::nullopt
                                : parse_number(std::string_view(word).substr(slash + 1), 128);
        if (given.values.size() != 2 || !prefix) {
            return wrong(given, word, "is no IPv6 network; write it like 2001:db8::/32");
        }
        network.address = TRY(address(given, family, word.substr(0, slash)));
        network.prefix_length = static_cast<std::uint8_t>(*prefix);
    }
    if (!is_network_address(network)) {
        return wrong(given, given.values[1],
                     "has bits outside of its mask; write the address of the network, or the mask "
                     "of a single host");
    }
    auto& networks = adjacency().adjacency.remote_addresses;
    if (std::ranges::find(networks, network) != networks.end()) {
        return wrong(given, given.values[1], "is there twice in this adjacency; remove one");
    }
    adjacency().said.note(given.command, given.line);
    networks.push_back(network);
    return {};
}

Done DraftReader::signaling_peer(const Given& given) {
    TRY(once(adjacency().said, given));
    Adjacency& out = adjacency().adjacency;
    out.signaling_peer_address = IpAddress::parse(given.value());
    if (out.signaling_peer_address) {
        out.signaling_peer = out.signaling_peer_address->to_string();
        return {};
    }
    const auto host = host_name(given.value());
    if (!host) {
        return wrong(given, given.value(), "is neither a host name nor an address");
    }
    out.signaling_peer = *host;
    return {};
}

Done DraftReader::local_id(const Given& given) {
    TRY(once(adjacency().said, given));
    std::string& out = adjacency().adjacency.local_id;
    if (const auto literal = IpAddress::parse(given.value())) {
        const std::string text = literal->to_string();
        out = literal->family == IpAddress::Family::V6 ? "[" + text + "]" : text;
        return {};
    }
    const auto host = host_name(given.value());
    if (!host) {
        return wrong(given, given.value(), "is neither a host name nor an address");
    }
    out = *host;
    return {};
}

Done DraftReader::add_name(const Given& given, std::vector<std::string>& out) {
    const auto host = host_name(given.value());
    if (!host) {
        return wrong(given, given.value(), "is no domain name; write it like example.com");
    }
    if (std::ranges::find(out, *host) == out.end()) {
        out.push_back(*host);
    }
    adjacency().said.note(given.command, given.line);
    return {};
}

Done DraftReader::handshake_timeout(const Given& given) {
    unsigned seconds = 0;
    TRY(number<unsigned>(adjacency().said, given, 15, 120, seconds));
    adjacency().adjacency.tls_handshake_timeout = std::chrono::seconds(seconds);
    return {};
}

// In the order in which they are offered.
Done DraftReader::digest_algorithms(const Given& given) {
    TRY(once(adjacency().said, given));
    if (given.values.size() == 1 && given.value() == "both") {
        return {};  // the default
    }
    auto& out = adjacency().adjacency.digest_algorithms;
    out.clear();
    for (const std::string& word : given.values) {
        const auto algorithm = TRY(choice(given, word, digest_algorithm_words));
        if (std::ranges::find(out, algorithm) != out.end()) {
            return wrong(given, word, "is there twice; remove one");
        }
        out.push_back(algorithm);
    }
    return {};
}

// Nothing of it is ever shown: the words may stand in the wrong order.
Done DraftReader::outbound_account(const Given& given) {
    const auto refuse = [&](const std::string& sentence) {
        return fail(error(given.line, given.command, sentence));
    };
    if (std::ranges::any_of(given.values, &std::string::empty)) {
        return refuse("'authentication-realm outbound' needs a realm, a user and a password");
    }
    auto& accounts = adjacency().adjacency.outbound_accounts;
    if (std::ranges::find(accounts, given.values[0], &sip::auth::Account::realm) !=
        accounts.end()) {
        return refuse("this realm already has an account on this adjacency; keep one of them");
    }
    adjacency().said.note(given.command, given.line);
    accounts.push_back({given.values[1], Secret(given.values[2]), given.values[0]});
    return {};
}

Done DraftReader::outbound_registration(const Given& given) {
    TRY(once(adjacency().said, given));
    const auto user = canonical_user(given.value());
    if (!user) {
        return fail(error(given.line, given.command,
                          "'register' needs an address-of-record like trunk@provider.example, "
                          "without port, password or parameters"));
    }
    const std::size_t at = user->rfind('@');
    adjacency().adjacency.registration = OutboundRegistration{
        .scheme = given.value().starts_with("sips:") ? sip::Scheme::Sips : sip::Scheme::Sip,
        .user = user->substr(0, at),
        .domain = user->substr(at + 1)};
    return {};
}

Done DraftReader::match(const Given& given, RoutingTable::Kind kind) {
    if (entry().said.has("match")) {
        return fail(error(given.line, given.command,
                          "this entry already matches something on line " +
                              std::to_string(entry().said.line("match")) +
                              "; write another entry"));
    }
    if (table().table.kind != kind) {
        static constexpr std::array wanted{"'match-adjacency'", "'match-prefix'", "'match-domain'"};
        return fail(error(given.line, given.command,
                          "'" + std::string(given.command) + "' is not for this kind of table; " +
                              "use " + wanted[static_cast<std::size_t>(table().table.kind)]));
    }
    if (kind == RoutingTable::Kind::DestinationDomain) {
        const auto host = host_name(given.value());
        if (!host && !IpAddress::parse(given.value())) {
            return wrong(given, given.value(), "is no domain name; write it like example.com");
        }
        entry().entry.match = host ? *host : given.value();
    } else if (given.value().empty()) {
        return fail(error(given.line, given.command,
                          "'" + std::string(given.command) +
                              "' must not be empty; leave the line "
                              "out to match everything"));
    } else {
        entry().entry.match = given.value();
    }
    entry().said.note("match", given.line);
    return {};
}

Done DraftReader::action(const Given& given) {
    TRY(once(entry().said, given));
    static constexpr std::array actions{Choice{"complete", RoutingEntry::Action::Complete},
                                        Choice{"reject", RoutingEntry::Action::Reject},
                                        Choice{"next-table", RoutingEntry::Action::NextTable}};
    RoutingEntry& out = entry().entry;
    out.action = TRY(choice(given, given.value(), actions));
    const bool wants_table = out.action == RoutingEntry::Action::NextTable;
    if (wants_table != (given.values.size() == 2)) {
        return wrong(
            given, given.value(),
            wants_table ? "needs a table; write: action next-table NAME" : "takes no further word");
    }
    if (wants_table) {
        out.next_table = given.values[1];
    }
    return {};
}

}  // namespace

Result<Draft, ConfigError> read_draft(const std::vector<WordsLine>& lines,
                                      const std::string& file_name) {
    DraftReader reader(file_name);
    for (const WordsLine& line : lines) {
        TRY(reader.read(line));
    }
    return reader.take();
}

}  // namespace ringwall::sbc
