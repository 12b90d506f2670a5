// The dial plan of a line: which keys make a number, when it is complete, and what is sent for it.
//
//   ( sequence | sequence | ... )     blanks do not count
//
//   0-9 * #           that key                  x                 any digit
//   [2-9*]            one of these              .                 the one before, 0 to n times
//   <keys:text>       text in place of keys     ,                 outside dial tone from here
//   !                 at the end: barred        S2 L15            this sequence's short, long timer
//   P5                at the start: hot line after 5 s without a key; with S0 at once
//   <:@gw> at the end: by that gateway or address
//
// Pure: keys and time in, events out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

namespace ringwall::phone {

// What is to be called.
struct DialledNumber {
    std::string number;               // as it is sent; may be empty when an address was dialled
    std::string gateway;              // behind '@', or empty
    std::optional<Endpoint> address;  // of IP dialling
    bool operator==(const DialledNumber&) const = default;
};
enum class DialFailure : std::uint8_t { Invalid, Barred };
using DialResult = std::variant<DialledNumber, DialFailure>;

enum class IpDialling : std::uint8_t { Disabled, Enabled };

class DialPlan {
public:
    // The error is a sentence with the offset of what is wrong, 0 is the first octet.
    static Result<DialPlan, std::string> parse(std::string_view text);

    // Keys that are taken whatever the plan says: the codes of services.
    void add_code(std::string_view keys);
    void set_ip_dialling(IpDialling ip_dialling) { ip_dialling_ = ip_dialling; }

    // All keys at once, as from a program: transformed if complete, as dialled if incomplete.
    DialResult resolve(std::string_view keys) const;

private:
    friend class DialCollector;
    using Keys = std::uint16_t;  // a bit for each of 0-9 * #

    struct Step {
        enum class Kind : std::uint8_t { Key, Send, OutsideTone };
        Kind kind = Kind::Key;
        Keys keys = 0;
        bool is_repeated = false;
        bool is_sent = true;  // the key itself
        std::string text;     // of Send
    };
    struct Sequence {
        std::vector<Step> steps;
        bool is_barred = false;
        bool has_keys = false;
        std::optional<Duration> short_timer;
        std::optional<Duration> long_timer;
        std::optional<Duration> pause;
    };
    // How far keys have come in a sequence.
    struct Candidate {
        const Sequence* sequence = nullptr;
        std::size_t at = 0;  // the next step
        std::string sent;
        bool plays_tone = false;  // a comma was just passed
    };
    class Parser;

    std::vector<Candidate> start() const;
    static std::vector<Candidate> advance(const std::vector<Candidate>& from, char key);
    static void close(Candidate candidate, std::vector<Candidate>& out);
    // The first that is complete; one that is sent at once (S0) before others.
    static const Candidate* complete(const std::vector<Candidate>& candidates);
    static bool takes_more(const std::vector<Candidate>& candidates);
    DialResult finish(const std::vector<Candidate>& candidates, std::string_view keys) const;

    std::vector<Sequence> sequences_;
    IpDialling ip_dialling_ = IpDialling::Disabled;
};

// One number, key by key. It ends with one result, and takes no keys after that.
class DialCollector {
public:
    struct PlayOutsideTone {};
    using Event = std::variant<PlayOutsideTone, DialResult>;

    // The plan must outlive it. `long_timer`: Interdigit Long Timer, while nothing is complete.
    DialCollector(const DialPlan& plan, Duration long_timer, Duration short_timer);

    void start(TimePoint now, std::vector<Event>& out);
    void on_key(char key, TimePoint now, std::vector<Event>& out);
    void on_time(TimePoint now, std::vector<Event>& out);
    // When on_time is to be called; TimePoint::max() for never.
    TimePoint next() const { return next_; }
    bool is_over() const { return is_over_; }
    std::string_view keys() const { return keys_; }

private:
    void wait_or_end(TimePoint now, std::vector<Event>& out);
    void end(DialResult result, std::vector<Event>& out);

    const DialPlan& plan_;
    Duration long_timer_;
    Duration short_timer_;
    std::vector<DialPlan::Candidate> candidates_;
    std::string keys_;
    TimePoint next_ = TimePoint::max();
    bool is_over_ = false;
};

}  // namespace ringwall::phone
