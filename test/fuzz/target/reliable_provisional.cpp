// Reliable provisional responses (RFC 3262) over a network that loses, doubles and mixes up: the
// receiver takes each once and in order, the sender repeats until the PRACK or 64*T1, and no PRACK
// is taken that acknowledges nothing.
#include "sip/session/reliable_provisional.h"

#include <vector>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

using sip::session::ReliableReceiver;
using sip::session::ReliableSender;

class Story {
public:
    explicit Story(Input& input)
        : input_(input), first_(1 + input.number() % 0x7fffffffU), sender_(first_, 7) {}

    void play() {
        while (!input_.is_empty()) {
            step();
        }
    }

private:
    void step() {
        switch (input_.below(6)) {
            case 0:
                return send();
            case 1:
                now_ += std::chrono::milliseconds(input_.octet() * 20);
                return tell_time();
            case 2:
                return deliver();
            case 3:
                return acknowledge();
            case 4:
                return forge();
            default:
                if (input_.below(8) == 0) {
                    sender_.on_final();
                    is_over_ = true;
                }
                return;
        }
    }
    void send() {
        if (sender_.is_waiting() || is_over_) {
            return;
        }
        const std::uint32_t number = sender_.next();
        CHECK(number == first_ + sent_++);
        due_ = now_ + sender_.on_sent(response_, 500ms, now_);
        sent_at_ = now_;
        CHECK(sender_.is_waiting() && sender_.waiting() == response_ && due_ > now_);
        repeated_ = 0;
        wire_.push_back(number);
    }
    void tell_time() {
        if (!sender_.is_waiting() || now_ < due_) {
            return;
        }
        Duration again{};
        switch (sender_.on_timer(now_, again)) {
            case ReliableSender::Due::Repeat:
                CHECK(!is_over_ && again > 0s && now_ + again <= sent_at_ + 32s);
                CHECK(++repeated_ <= 7);
                due_ = now_ + again;
                wire_.push_back(sender_.next() - 1);
                return;
            case ReliableSender::Due::Reject:
                CHECK(!is_over_ && now_ >= sent_at_ + 32s);
                is_over_ = true;
                CHECK(sender_.on_timer(now_, again) == ReliableSender::Due::Nothing);
                return;
            case ReliableSender::Due::Nothing:
                CHECK(is_over_);
                return;
        }
    }
    void deliver() {
        if (wire_.empty()) {
            return;
        }
        const std::uint32_t number = wire_[input_.below(std::min<std::size_t>(wire_.size(), 256))];
        if (receiver_.accept(number)) {
            CHECK(accepted_ == 0 || number == accepted_ + 1);
            accepted_ = number;
        }
        CHECK(receiver_.last() == accepted_);
    }
    void acknowledge() {
        if (accepted_ == 0) {
            return;
        }
        const bool is_waited_for = sender_.is_waiting() && sender_.next() - 1 == accepted_;
        CHECK(sender_.on_prack({accepted_, {7, sip::Method::Invite, {}}}) == is_waited_for);
        CHECK(!sender_.on_prack({accepted_, {7, sip::Method::Invite, {}}}));
    }
    void forge() {
        const bool was_waiting = sender_.is_waiting();
        const std::uint32_t number = sender_.next() - 1;
        CHECK(!sender_.on_prack({number, {8, sip::Method::Invite, {}}}));
        CHECK(!sender_.on_prack({number, {7, sip::Method::Update, {}}}));
        CHECK(!sender_.on_prack({number + 1 + input_.octet(), {7, sip::Method::Invite, {}}}));
        CHECK(sender_.is_waiting() == was_waiting);
    }

    Input& input_;
    sip::MessagePtr response_ =
        sip::Message::parse(
            "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n"
            "To: <sip:b>;tag=2\r\nCall-ID: a\r\nCSeq: 7 INVITE\r\n\r\n",
            sip::Framing::Datagram)
            .message;
    std::uint32_t first_;
    ReliableSender sender_;
    ReliableReceiver receiver_;
    std::uint32_t sent_ = 0;
    std::uint32_t accepted_ = 0;
    unsigned repeated_ = 0;
    bool is_over_ = false;
    TimePoint now_{};
    TimePoint due_{};
    TimePoint sent_at_{};
    std::vector<std::uint32_t> wire_;
};

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    Story(input).play();
}

}  // namespace ringwall::fuzz
