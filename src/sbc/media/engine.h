// The media engine (rtpengine) as one worker sees it: requests that wait for their answers, whether
// it answers at all, and what it is to forget.
//
//                an answer                        nothing for 2 s after a request
//      Up  <-------------------- (any state)  Up ---------------------------------> Down
//
//   Up    asked whenever something is to be asked; pinged when nothing was heard for a while
//   Down  nothing is asked: whoever asks hears at once that it is not there; pinged
//
// Datagrams are lost and doubled: a request is repeated with the same cookie, by which the engine
// knows it again. One that alone is not answered is given up after 4 s. Pure: no clock, no socket.
// What is to be done is appended to `out`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/id.h"
#include "base/random.h"
#include "base/time.h"
#include "sbc/media/ng_message.h"

namespace ringwall::sbc::media {

// Of something that was asked.
using Ticket = Id<struct MediaTicketTag>;

class Engine {
public:
    // What came of it. No reply: the engine does not answer.
    struct Outcome {
        Ticket ticket;
        std::optional<NgReply> reply;
    };
    struct Actions {
        std::vector<std::string> datagrams;
        std::vector<Outcome> outcomes;
    };
    static constexpr Duration first_repeat = 250ms;  // doubling
    static constexpr Duration give_up = 2s;          // the engine
    static constexpr Duration give_one_up = 4s;      // of which others are answered
    static constexpr Duration quiet_limit = 2s;      // then it is pinged
    static constexpr Duration next_look = 1s;        // at one that does not answer

    explicit Engine(Random& random) : random_(random) {}

    // Begins with a ping.
    void start(TimePoint now, Actions& out);
    // `request` as ng_message writes it. Its outcome follows, once.
    Ticket ask(std::string_view session, std::string_view request, TimePoint now, Actions& out);
    // The engine is to forget the session, after what is asked about it now.
    void forget(std::string_view session, TimePoint now, Actions& out);
    void on_datagram(std::string_view bytes, TimePoint now, Actions& out);
    void on_time(TimePoint now, Actions& out);
    TimePoint next_deadline() const;

    bool is_up() const { return is_up_; }
    // Nothing but a ping is under way.
    bool is_idle() const { return ticketed_ == 0 && deletions_ == 0; }

private:
    struct Pending {
        Ticket ticket;  // none: a ping, or to be forgotten
        std::string session;
        std::string datagram;
        TimePoint began;
        TimePoint repeat;
        Duration interval{};
        bool is_deletion = false;
        bool is_to_be_forgotten = false;  // the session, once this is answered
    };
    using Pendings = std::unordered_map<std::string, Pending>;  // by cookie

    void send(Pending pending, std::string_view request, TimePoint now, Actions& out);
    void remove(Pendings::iterator at, TimePoint now, Actions& out);
    TimePoint silent_at(const Pending& pending) const;
    void give_up_old(TimePoint now, Actions& out);
    void set_down(TimePoint now, Actions& out);

    Random& random_;
    Pendings pending_;
    std::size_t ticketed_ = 0;   // of those, and
    std::size_t deletions_ = 0;  // of those
    std::uint64_t last_ticket_ = 0;
    bool is_up_ = true;  // until it is seen not to be
    TimePoint heard_{};  // its last answer
    TimePoint next_ping_{};
};

}  // namespace ringwall::sbc::media
