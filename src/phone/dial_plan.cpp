#include "phone/dial_plan.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"

namespace ringwall::phone {
namespace {

constexpr std::string_view all_keys = "0123456789*#";
constexpr std::uint16_t digits = 0x3ff;
// No number is longer.
constexpr std::size_t most_keys = 100;

std::uint16_t bit_of(char key) {
    const std::size_t at = all_keys.find(key);
    return at == std::string_view::npos ? std::uint16_t{0} : static_cast<std::uint16_t>(1U << at);
}

// "user*a*b*c*d*port" cut at the stars.
std::vector<std::string_view> groups_of(std::string_view keys) {
    std::vector<std::string_view> out;
    while (true) {
        const std::size_t end = keys.find('*');
        out.push_back(keys.substr(0, end));
        if (end == std::string_view::npos) {
            return out;
        }
        keys.remove_prefix(end + 1);
    }
}

std::optional<IpAddress> address_of(std::span<const std::string_view> groups) {
    std::array<std::uint8_t, 4> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const auto octet = groups[i].size() <= 3 ? parse_number(groups[i], 255) : std::nullopt;
        if (!octet) {
            return std::nullopt;
        }
        octets[i] = static_cast<std::uint8_t>(*octet);
    }
    return IpAddress::v4(octets[0], octets[1], octets[2], octets[3]);
}

// [user*]a*b*c*d[*port]: a port is above 255, so that five numbers have one meaning.
std::optional<DialledNumber> ip_dialled(std::string_view keys) {
    constexpr std::uint16_t usual_port = 5060;
    if (keys.find('#') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::vector<std::string_view> groups = groups_of(keys);
    if (groups.size() < 4 || groups.size() > 6 || groups.front().empty()) {
        return std::nullopt;
    }
    const std::span<const std::string_view> all(groups);
    const auto port = parse_number(all.back(), 65535);
    const bool has_port = groups.size() > 4 && port && *port > 255;
    const bool has_user = groups.size() == (has_port ? 6U : 5U);
    const auto address = address_of(all.subspan(has_user ? 1 : 0));
    if (!address || groups.size() != 4U + (has_port ? 1 : 0) + (has_user ? 1 : 0)) {
        return std::nullopt;
    }
    return DialledNumber{
        .number = std::string(has_user ? groups.front() : std::string_view()),
        .gateway = {},
        .address = Endpoint{*address, has_port ? static_cast<std::uint16_t>(*port) : usual_port}};
}

// It may become one with more keys.
bool may_become_ip(std::string_view keys) {
    constexpr std::size_t most = 64;
    return !keys.empty() && is_digit(keys.front()) && keys.size() <= most &&
           keys.find('#') == std::string_view::npos && keys.find("**") == std::string_view::npos &&
           std::ranges::count(keys, '*') <= 5;
}

DialledNumber with_gateway(std::string_view sent) {
    const std::size_t at = sent.find('@');
    return {.number = std::string(sent.substr(0, at)),
            .gateway = std::string(at == std::string_view::npos ? "" : sent.substr(at + 1)),
            .address = std::nullopt};
}

}  // namespace

class DialPlan::Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<Sequence>, std::string> parse() {
        std::vector<Sequence> out;
        if (take() != '(') {
            return wrong("a plan begins with '('");
        }
        while (true) {
            out.push_back(TRY(parse_sequence()));
            const char end = take();
            if (end == ')') {
                break;
            }
            if (end != '|') {
                return wrong("a plan ends with ')'");
            }
        }
        if (peek() != '\0') {
            take();
            return wrong("nothing follows ')'");
        }
        return out;
    }

private:
    // The next octet that is no blank; 0 at the end.
    char peek() {
        while (at_ < text_.size() && is_space(text_[at_])) {
            ++at_;
        }
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    char take() {
        const char c = peek();
        last_ = at_;
        at_ += c == '\0' ? 0 : 1;
        return c;
    }
    tl::unexpected<std::string> wrong(std::string_view what) const {
        return fail("at " + std::to_string(last_) + ": " + std::string(what));
    }

    Result<Sequence, std::string> parse_sequence() {
        Sequence sequence;
        if (peek() == '|' || peek() == ')' || peek() == '\0') {
            take();
            return wrong("a sequence is empty");
        }
        while (true) {
            const char c = peek();
            if (c == '|' || c == ')' || c == '\0') {
                sequence.has_keys = std::ranges::any_of(
                    sequence.steps, [](const Step& step) { return step.kind == Step::Kind::Key; });
                return sequence;
            }
            take();
            if (sequence.is_barred) {
                return wrong("nothing follows '!' in a sequence");
            }
            TRY(parse_element(c, sequence));
        }
    }

    Result<void, std::string> parse_element(char c, Sequence& sequence) {
        std::vector<Step>& steps = sequence.steps;
        switch (c) {
            case '.':
                if (steps.empty() || steps.back().kind != Step::Kind::Key ||
                    steps.back().is_repeated || !steps.back().is_sent) {
                    return wrong("'.' repeats a key, and follows one");
                }
                steps.back().is_repeated = true;
                return {};
            case ',':
                steps.emplace_back().kind = Step::Kind::OutsideTone;
                return {};
            case '!':
                sequence.is_barred = true;
                return {};
            case '<':
                return parse_substitution(steps);
            case 'S':
                return parse_timer(sequence.short_timer);
            case 'L':
                return parse_timer(sequence.long_timer);
            case 'P':
                if (!steps.empty()) {
                    return wrong("P stands at the start of a sequence");
                }
                return parse_timer(sequence.pause);
            default:
                break;
        }
        const Keys keys = TRY(parse_keys(c));
        steps.emplace_back().keys = keys;
        return {};
    }

    // One key, x, or a set, whose first octet was taken.
    Result<Keys, std::string> parse_keys(char c) {
        if (c == 'x' || c == 'X') {
            return digits;
        }
        if (c == '[') {
            return parse_set();
        }
        if (bit_of(c) == 0) {
            return wrong("there is no such key");
        }
        return bit_of(c);
    }

    Result<Keys, std::string> parse_set() {
        const std::size_t open = last_;
        Keys keys = 0;
        char first = '\0';  // of a range
        while (true) {
            const char c = take();
            if (c == ']') {
                break;
            }
            if (c == '\0') {
                last_ = open;
                return wrong("'[' is not closed");
            }
            if (c == '-') {
                const char last = take();
                if (!is_digit(first) || !is_digit(last) || last < first) {
                    return wrong("a range goes from a digit up to a digit");
                }
                for (char each = first; each <= last; ++each) {
                    keys |= bit_of(each);
                }
                first = '\0';
                continue;
            }
            const Keys more = c == 'x' || c == 'X' ? digits : bit_of(c);
            if (more == 0) {
                return wrong("there is no such key");
            }
            keys |= more;
            first = c;
        }
        if (keys == 0) {
            return wrong("a set has at least one key");
        }
        return keys;
    }

    // <keys:text>, whose '<' was taken.
    Result<void, std::string> parse_substitution(std::vector<Step>& steps) {
        const std::size_t open = last_;
        for (char c = take(); c != ':'; c = take()) {
            if (c == '\0' || c == '>') {
                last_ = c == '\0' ? open : last_;
                return wrong("a substitution is <keys:text>");
            }
            const Keys keys = TRY(parse_keys(c));
            Step& step = steps.emplace_back();
            step.keys = keys;
            step.is_sent = false;
        }
        Step send;
        send.kind = Step::Kind::Send;
        for (char c = take(); c != '>'; c = take()) {
            if (c == '\0') {
                last_ = open;
                return wrong("'<' is not closed");
            }
            if (c == '<' || c == '|' || c == '(' || c == ')') {
                return wrong("the text of a substitution ends with '>'");
            }
            send.text.push_back(c);
        }
        if (!send.text.empty()) {
            steps.push_back(std::move(send));
        }
        return {};
    }

    Result<void, std::string> parse_timer(std::optional<Duration>& timer) {
        constexpr std::uint64_t most = 99;
        std::string number;
        while (at_ < text_.size() && is_digit(text_[at_])) {
            number.push_back(text_[at_++]);
        }
        const auto seconds = parse_number(number, most);
        if (!seconds) {
            return wrong("S, L and P are followed by seconds from 0 to 99");
        }
        timer = std::chrono::seconds(*seconds);
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t last_ = 0;  // where the last octet that was taken stands
};

Result<DialPlan, std::string> DialPlan::parse(std::string_view text) {
    DialPlan plan;
    plan.sequences_ = TRY(Parser(text).parse());
    return plan;
}

void DialPlan::add_code(std::string_view keys) {
    Sequence sequence;
    for (const char key : keys) {
        sequence.steps.emplace_back().keys = bit_of(key);
    }
    sequence.has_keys = true;
    sequences_.push_back(std::move(sequence));
}

// The candidate, and those that need no more keys to be further on.
void DialPlan::close(Candidate candidate, std::vector<Candidate>& out) {
    const std::vector<Step>& steps = candidate.sequence->steps;
    while (true) {
        // Those of one sequence stand together.
        bool is_there = false;
        for (auto other = out.rbegin();
             other != out.rend() && other->sequence == candidate.sequence && !is_there; ++other) {
            is_there = other->at == candidate.at;
        }
        if (is_there) {
            return;
        }
        if (candidate.at == steps.size()) {
            out.push_back(std::move(candidate));
            return;
        }
        const Step& step = steps[candidate.at];
        if (step.kind == Step::Kind::Key) {
            out.push_back(candidate);
            if (!step.is_repeated) {
                return;
            }
        } else if (step.kind == Step::Kind::Send) {
            candidate.sent.append(step.text);
        } else {
            candidate.plays_tone = true;
        }
        ++candidate.at;
    }
}

std::vector<DialPlan::Candidate> DialPlan::start() const {
    std::vector<Candidate> out;
    for (const Sequence& sequence : sequences_) {
        close({.sequence = &sequence, .at = 0, .sent = {}, .plays_tone = false}, out);
    }
    return out;
}

std::vector<DialPlan::Candidate> DialPlan::advance(const std::vector<Candidate>& from, char key) {
    std::vector<Candidate> out;
    for (const Candidate& candidate : from) {
        const std::vector<Step>& steps = candidate.sequence->steps;
        if (candidate.at == steps.size() || (steps[candidate.at].keys & bit_of(key)) == 0) {
            continue;
        }
        Candidate next = candidate;
        next.plays_tone = false;
        if (steps[candidate.at].is_sent) {
            next.sent.push_back(key);
        }
        if (!steps[candidate.at].is_repeated) {
            ++next.at;
        }
        close(std::move(next), out);
    }
    return out;
}

const DialPlan::Candidate* DialPlan::complete(const std::vector<Candidate>& candidates) {
    const Candidate* first = nullptr;
    for (const Candidate& candidate : candidates) {
        if (candidate.at != candidate.sequence->steps.size()) {
            continue;
        }
        if (candidate.sequence->short_timer == Duration::zero()) {
            return &candidate;
        }
        first = first == nullptr ? &candidate : first;
    }
    return first;
}

bool DialPlan::takes_more(const std::vector<Candidate>& candidates) {
    return std::ranges::any_of(candidates, [](const Candidate& candidate) {
        return candidate.at < candidate.sequence->steps.size();
    });
}

DialResult DialPlan::finish(const std::vector<Candidate>& candidates, std::string_view keys) const {
    if (const Candidate* const done = complete(candidates)) {
        return done->sequence->is_barred ? DialResult(DialFailure::Barred)
                                         : with_gateway(done->sent);
    }
    if (ip_dialling_ == IpDialling::Enabled) {
        if (auto address = ip_dialled(keys)) {
            return std::move(*address);
        }
    }
    if (candidates.empty() || keys.empty()) {
        return DialFailure::Invalid;
    }
    return DialledNumber{.number = std::string(keys), .gateway = {}, .address = std::nullopt};
}

DialResult DialPlan::resolve(std::string_view keys) const {
    if (keys.empty() || keys.size() > most_keys) {
        return DialFailure::Invalid;
    }
    std::vector<Candidate> candidates = start();
    for (const char key : keys) {
        candidates = advance(candidates, key);
    }
    return finish(candidates, keys);
}

DialCollector::DialCollector(const DialPlan& plan, Duration long_timer, Duration short_timer)
    : plan_(plan), long_timer_(long_timer), short_timer_(short_timer) {}

// A sequence without keys is a hot line. That x. is complete with nothing is not meant.
void DialCollector::start(TimePoint now, std::vector<Event>& out) {
    candidates_ = plan_.start();
    for (const auto& candidate : candidates_) {
        const DialPlan::Sequence& sequence = *candidate.sequence;
        if (sequence.has_keys || candidate.at < sequence.steps.size()) {
            continue;
        }
        const Duration wait = sequence.pause.value_or(sequence.short_timer.value_or(short_timer_));
        if (wait == Duration::zero()) {
            return end(plan_.finish({candidate}, {}), out);
        }
        next_ = std::min(next_, now + wait);
    }
}

void DialCollector::on_key(char key, TimePoint now, std::vector<Event>& out) {
    if (is_over_ || bit_of(key) == 0) {
        return;
    }
    auto candidates = DialPlan::advance(candidates_, key);
    // '#' ends the number, unless the plan has it there.
    if (key == '#' && candidates.empty()) {
        return end(keys_.empty() ? DialFailure::Invalid : plan_.finish(candidates_, keys_), out);
    }
    if (keys_.size() == most_keys) {
        return end(DialFailure::Invalid, out);
    }
    keys_.push_back(key);
    candidates_ = std::move(candidates);
    const bool plays_tone = std::ranges::any_of(
        candidates_, [](const DialPlan::Candidate& candidate) { return candidate.plays_tone; });
    if (plays_tone) {
        out.emplace_back(PlayOutsideTone{});
    }
    wait_or_end(now, out);
}

void DialCollector::wait_or_end(TimePoint now, std::vector<Event>& out) {
    const bool may_be_ip = plan_.ip_dialling_ == IpDialling::Enabled && may_become_ip(keys_);
    if (candidates_.empty() && !may_be_ip) {
        return end(DialFailure::Invalid, out);
    }
    const DialPlan::Candidate* const done = DialPlan::complete(candidates_);
    if (done != nullptr) {
        const Duration wait = done->sequence->short_timer.value_or(short_timer_);
        if (wait == Duration::zero() || !DialPlan::takes_more(candidates_)) {
            return end(plan_.finish(candidates_, keys_), out);
        }
        next_ = now + wait;
        return;
    }
    if (candidates_.empty()) {
        next_ = now + (ip_dialled(keys_) ? short_timer_ : long_timer_);
        return;
    }
    Duration wait{};
    for (const DialPlan::Candidate& candidate : candidates_) {
        wait = std::max(wait, candidate.sequence->long_timer.value_or(long_timer_));
    }
    next_ = now + wait;
}

void DialCollector::on_time(TimePoint now, std::vector<Event>& out) {
    if (is_over_ || now < next_) {
        return;
    }
    if (keys_.empty()) {  // the hot line: sequences without keys are the only ones complete
        std::erase_if(candidates_, [](const DialPlan::Candidate& candidate) {
            return candidate.sequence->has_keys;
        });
    }
    end(plan_.finish(candidates_, keys_), out);
}

void DialCollector::end(DialResult result, std::vector<Event>& out) {
    is_over_ = true;
    next_ = TimePoint::max();
    out.emplace_back(std::move(result));
}

}  // namespace ringwall::phone
