// A registration and a registrar that answers anything at any time. The first octet is what is
// registered, then events; the header lines of a response end with an empty line. Between two times
// to wait it sends a bounded number of requests, and it waits for a time that is to come.
#include "sip/registration/client_registration.h"

#include <algorithm>

#include "base/check.h"
#include "base/visitor.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

using sip::ClientRegistration;
using sip::HeaderName;
using sip::Message;
using sip::MessagePtr;
using State = ClientRegistration::State;

ClientRegistration::Setup setup(Input& input) {
    ClientRegistration::Setup out{.registrar = "sip:example.com",
                                  .address_of_record = "sip:alice@example.com",
                                  .contact = "<sip:alice@192.0.2.7>",
                                  .call_id = "one-and-the-same",
                                  .from_tag = "mine",
                                  .accounts = {{"alice", Secret("secret"), "example.com"}}};
    if (input.flip()) {
        out.instance = "urn:uuid:00000000-0000-1000-8000-000a95a0e128";
        out.reg_id = 1;
    }
    return out;
}

class Story {
public:
    explicit Story(Input& input) : input_(input), machine_(setup(input)) {}

    void play() {
        while (!input_.is_empty()) {
            step();
        }
        happens([this](auto& out) { machine_.stop(now_, random_, out); });
        happens([this](auto& out) { machine_.on_failed(machine_.cseq(), now_, random_, out); });
        CHECK(machine_.state() == State::Idle && machine_.next() == TimePoint::max());
        CHECK(!machine_.is_registered(now_));
    }

private:
    void step() {
        switch (input_.below(8)) {
            case 0:
                sent_in_a_row_ = 0;  // the owner wants it
                return happens([this](auto& out) { machine_.start(random_, out); });
            case 1:
                sent_in_a_row_ = 0;
                return happens([this](auto& out) { machine_.stop(now_, random_, out); });
            case 2:
                return happens([this](auto& out) {
                    machine_.on_failed(machine_.cseq() - (input_.flip() ? 1 : 0), now_, random_,
                                       out);
                });
            case 3:
                return happens([this](auto& out) { machine_.on_flow_lost(now_, random_, out); });
            case 4:
                return pass(std::chrono::seconds(input_.number() % 10'000'000));
            case 5:
                return machine_.next() == TimePoint::max() ? void() : pass(machine_.next() - now_);
            default:
                return hear();
        }
    }
    void pass(Duration time) {
        now_ += time;
        sent_in_a_row_ = time > 0s ? 0 : sent_in_a_row_;
        happens([this](auto& out) { machine_.on_time(now_, random_, out); });
    }
    void hear() {
        const int status =
            input_.one_of({200, 401, 407, 423, 100, 202, 301, 403, 404, 408, 480, 500, 503, 600});
        std::string text =
            "SIP/2.0 " + std::to_string(status) + " So\r\n" +
            "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n" +
            "From: <sip:alice@example.com>;tag=mine\r\n" +
            "To: <sip:alice@example.com>;tag=theirs\r\nCall-ID: one-and-the-same\r\n" +
            "CSeq: 1 REGISTER\r\n";
        while (!input_.is_empty()) {
            const std::string_view line = input_.until('\n');
            if (line.empty()) {
                break;
            }
            text.append(line).append("\r\n");
        }
        const sip::Parsed parsed = Message::parse(text + "\r\n", sip::Framing::Datagram);
        if (parsed.message == nullptr || parsed.fault || sent_ == nullptr) {
            return;
        }
        happens(
            [&](auto& out) { machine_.on_response(*sent_, *parsed.message, now_, random_, out); });
    }
    template <class Event>
    void happens(Event&& event) {
        ClientRegistration::Actions out;
        const std::uint32_t before = machine_.cseq();
        event(out);
        unsigned requests = 0;
        for (auto& action : out) {
            std::visit(Visitor{[&](ClientRegistration::Send& send) {
                                   ++requests;
                                   see(send);
                               },
                               [&](ClientRegistration::StartTimer& timer) {
                                   CHECK(timer.after > 0s);
                                   CHECK(now_ + timer.after == machine_.next());
                               },
                               [&](ClientRegistration::Registered& granted) {
                                   CHECK(granted.expires > 0 && machine_.is_registered(now_));
                               },
                               [&](ClientRegistration::Unregistered& ended) {
                                   CHECK(!ended.retry || *ended.retry >= 0s);
                               }},
                       action);
        }
        CHECK(requests <= 1 && machine_.cseq() == before + requests);
        CHECK(machine_.is_consistent() && machine_.next() > now_);
    }
    void see(ClientRegistration::Send& send) {
        sent_ =
            send.request.header(HeaderName::Via, "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1").build();
        CHECK(sent_->cseq().number == machine_.cseq());
        // Two attempts, each with its challenges and one 423.
        CHECK(++sent_in_a_row_ <= 12);
    }

    Input& input_;
    SeededRandom random_{1};
    ClientRegistration machine_;
    TimePoint now_ = TimePoint{} + 1h;
    MessagePtr sent_;
    unsigned sent_in_a_row_ = 0;
};

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    Story(input).play();
}

}  // namespace ringwall::fuzz
