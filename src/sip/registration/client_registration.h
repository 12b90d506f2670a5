// A user agent's registration of one address-of-record at one registrar over one flow (RFC 3261
// §10.2, RFC 5626 §4), for whoever has one: a trunk, a phone's line.
//
//            start            2xx                    2xx with nothing
//   Idle ----------> Trying --------> Registered     of ours, 4xx .. 6xx, silence
//     ^                 ^  ^             |  |  -------------------> Waiting
//     |                 |  +-------------+  |                          |
//     |                 |    refresh due,   | flow lost                | back-off is over
//     |                 |    flow lost      |                          |
//     |                 +--------------------------------------------- +
//     +---- Leaving <---- stop (from anywhere: Expires 0 where a binding may exist)
//
// Pure: (event, now) -> actions, appended to `out`. Every REGISTER bears the same Call-ID and a
// CSeq one higher (§10.2). No timer is ever stopped: on_time before next() does nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "sip/auth/client_authentication.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sip {

class ClientRegistration {
public:
    struct Setup {
        std::string registrar;          // Request-URI: "sip:example.com"
        std::string address_of_record;  // URI: "sip:alice@example.com"
        std::string contact;            // "<sip:alice@192.0.2.7>", without parameters of its own
        std::string call_id;
        std::string from_tag;
        std::vector<auth::Account> accounts;
        std::uint32_t expires = 3600;  // seconds, what is asked for
        // RFC 5626 §4.1, §4.2: a URN, and the number of the flow. Empty, 0: none.
        std::string instance = {};
        std::uint32_t reg_id = 0;
        // RFC 5626 §4.5.
        Duration base_delay = 30s;
        Duration max_delay = 1800s;
        // How long after the n-th failure in a row by its status, 0: silence; none: never. Not set:
        // RFC 5626 §4.5.
        std::function<std::optional<Duration>(int status, unsigned failures)> retry = {};
        unsigned max_auth = 2;        // challenges of one REGISTER that are answered
        std::string user_agent = {};  // User-Agent; empty: none
    };

    // A REGISTER to be sent, whole but for its Via. Its end is told by on_response or on_failed.
    struct Send {
        MessageBuilder request;
    };
    struct StartTimer {
        Duration after;  // then on_time
    };
    struct Registered {
        std::uint32_t expires = 0;  // seconds, as granted
        bool is_refresh = false;
    };
    // There is no binding now, or none that we may rely on.
    struct Unregistered {
        int status = 0;                 // 0: nobody answered, or the flow is gone
        std::string reason;             // for the log
        std::optional<Duration> retry;  // none: it was asked for
    };
    using Action = std::variant<Send, StartTimer, Registered, Unregistered>;
    using Actions = std::vector<Action>;

    enum class State : std::uint8_t { Idle, Trying, Registered, Waiting, Leaving };

    explicit ClientRegistration(Setup setup);

    // What 403, 404 and their like say will not change soon: no hammering.
    static bool is_lasting(int status);

    void start(Random& random, Actions& out);
    // Removes the binding.
    void stop(TimePoint now, Random& random, Actions& out);
    // The answer to `request`, which was the last that was sent. Others are ignored.
    void on_response(const Message& request, const Message& response, TimePoint now, Random& random,
                     Actions& out);
    // It ended without one.
    void on_failed(std::uint32_t cseq, TimePoint now, Random& random, Actions& out);
    // The connection that it was made over is gone.
    void on_flow_lost(TimePoint now, Random& random, Actions& out);
    void on_time(TimePoint now, Random& random, Actions& out);

    // Its Contact is another from the next REGISTER on: the flow is another.
    void set_contact(std::string contact) { setup_.contact = std::move(contact); }

    State state() const { return state_; }
    // The registrar has a binding of ours, as far as we know.
    bool is_registered(TimePoint now) const { return now < expires_; }
    TimePoint next() const { return next_; }
    std::uint32_t cseq() const { return cseq_; }  // of what was sent last
    bool is_consistent() const;

private:
    void send(Random& random, Actions& out);
    void begin(Random& random, Actions& out);
    void on_success(const Message& response, TimePoint now, Random& random, Actions& out);
    void on_too_brief(const Message& response, TimePoint now, Random& random, Actions& out);
    // `at_least`: what the registrar asked for.
    void fail_attempt(int status, std::string_view reason, Duration at_least, TimePoint now,
                      Random& random, Actions& out);
    std::optional<Duration> retry_delay(int status, Random& random) const;
    void give_up(int status, std::string_view reason, Actions& out);
    void wait(Duration after, TimePoint now, Actions& out);
    std::optional<std::uint32_t> granted(const Message& response) const;
    Duration back_off(Random& random) const;

    Setup setup_;
    auth::ClientAuthentication authentication_;
    State state_ = State::Idle;
    std::uint32_t cseq_ = 0;
    std::uint32_t asked_ = 0;  // seconds; 0 when leaving
    bool is_brief_ = false;    // 423 was heard for this attempt
    auth::ClientAuthentication::Tries tries_;
    unsigned failures_ = 0;              // in a row
    TimePoint expires_{};                // of the binding
    TimePoint made_{};                   // when it was made over this flow
    TimePoint next_ = TimePoint::max();  // when on_time has something to do
};

}  // namespace ringwall::sip
