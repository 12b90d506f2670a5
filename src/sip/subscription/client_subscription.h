// A subscription as the subscriber sees it (RFC 6665 §4.1), for whoever wants to be notified: of
// messages, of dialogs.
//
//            start            2xx, or the first NOTIFY
//   Idle ----------> Trying --------------------------> Active --+ refresh due: SUBSCRIBE in its
//     ^                 |                                 |  ^---+ dialog
//     |  refused for    | failure                         | terminated, 481, silence
//     |  good           v                                 |
//     +------------- Waiting <----------------------------+
//                       | the time is over: another dialog, Trying
//
// Pure: (event, now) -> actions, appended to `out`. A Send is whole but for its Via. No timer is
// ever stopped: on_time before next() does nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/random.h"
#include "base/time.h"
#include "sip/auth/client_authentication.h"
#include "sip/dialog/dialog.h"
#include "sip/message.h"
#include "sip/message_builder.h"
#include "sip/transaction/actions.h"

namespace ringwall::sip {

class ClientSubscription {
public:
    struct Setup {
        std::string target;  // URI
        std::string from;    // a name-addr, without tag
        std::string contact;
        std::string event;                                  // "message-summary"
        std::string accept;                                 // the type of its bodies
        std::uint32_t expires = 3600;                       // seconds, what is asked for
        std::uint32_t min_expires = 1, max_expires = 7200;  // what is taken of a notifier's
        Duration retry = 10s;
        Bucket bucket = {};  // that its Call-IDs name
        std::vector<auth::Account> accounts = {};
        unsigned max_auth = 2;
        std::uint32_t max_forwards = 70;
        std::string user_agent = {};
    };

    struct Send {
        MessageBuilder request;
    };
    struct Respond {
        transaction::ServerId to;
        MessagePtr response;
    };
    struct StartTimer {
        Duration after;
    };
    struct Notified {
        std::string content_type;
        std::string body;  // empty: nothing is known yet
    };
    // Nobody tells us any more.
    struct Ended {
        int status = 0;  // 0: silence, or a NOTIFY
        std::string reason;
        std::optional<Duration> retry;  // none: not again
    };
    using Action = std::variant<Send, Respond, StartTimer, Notified, Ended>;
    using Actions = std::vector<Action>;

    enum class State : std::uint8_t { Idle, Trying, Active, Waiting };

    explicit ClientSubscription(Setup setup);

    void start(Random& random, Actions& out);  // in Idle and Waiting
    void stop(Actions& out);                   // Expires: 0
    // Our address is another: told at once.
    void set_contact(std::string contact, Actions& out);

    // It is for this one.
    bool is_notified_by(const Message& notify) const;
    void on_notify(transaction::ServerId id, const Message& notify, TimePoint now, Random& random,
                   Actions& out);
    void on_response(const Message& request, const Message& response, TimePoint now, Random& random,
                     Actions& out);
    void on_failed(const Message& request, TimePoint now, Random& random, Actions& out);
    void on_time(TimePoint now, Random& random, Actions& out);

    State state() const { return state_; }
    TimePoint next() const { return next_; }

private:
    void subscribe(std::uint32_t expires, Actions& out);
    void end(int status, std::string_view reason, std::optional<Duration> retry, TimePoint now,
             Actions& out);
    void live_for(std::uint32_t seconds, TimePoint now, Random& random, Actions& out);
    void wait(Duration after, TimePoint now, Actions& out);

    Setup setup_;
    auth::ClientAuthentication authentication_;
    auth::ClientAuthentication::Tries tries_;
    State state_ = State::Idle;
    std::string call_id_, local_tag_;
    std::optional<Dialog> dialog_;
    std::uint32_t cseq_ = 0;  // of what was sent last
    std::uint32_t asked_ = 0;
    bool is_brief_ = false;  // 423 was heard
    TimePoint next_ = TimePoint::max();
};

}  // namespace ringwall::sip
