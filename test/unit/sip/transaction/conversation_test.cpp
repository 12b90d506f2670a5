// A client layer talks to a server layer over a network that loses, repeats and reorders, on a fake
// clock: whatever happens, every transaction ends and nothing is left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "sip/transaction/layer.h"
#include "unit/sip/transaction/story.h"

namespace ringwall::sip::transaction {
namespace {

struct Weather {
    unsigned lost;      // of 100 messages
    unsigned repeated;  // of 100
    Duration delay;     // at most; messages overtake each other
};

class Conversation {
public:
    Conversation(std::uint64_t seed, Weather weather, Reliability reliability)
        : random_(seed), weather_(weather), hop_(hop_over(reliability)) {}

    void begin(unsigned number) {
        const bool is_invite = chance(60);
        Draft draft;
        draft.method = is_invite ? "INVITE" : "OPTIONS";
        draft.branch = make_branch(Bucket{3}, random_);
        draft.call_id = "call-" + std::to_string(number);
        Actions out;
        const ClientId id = client_.send(hop_, make(draft), out);
        begun_.insert(id);
        perform(out);
        if (is_invite) {  // the caller hangs up, or timer C runs out (RFC 3261 §16.6)
            at(now_ + (chance(30) ? up_to(10s) : Duration(3min)),
               [this, id] { cancel_when_possible(id); });
        }
    }

    void run() {
        while (!events_.empty()) {
            const auto next = events_.begin();
            now_ = next->first;
            const auto event = std::move(next->second);
            events_.erase(next);
            event();
            ASSERT_TRUE(client_.is_consistent());
            ASSERT_TRUE(server_.is_consistent());
            ASSERT_LT(now_, TimePoint(20min)) << "does not come to an end";
        }
    }

    void expect_nothing_left() const {
        EXPECT_EQ(client_.client_count(), 0U);
        EXPECT_EQ(server_.server_count(), 0U);
        EXPECT_EQ(ended_, begun_);
        EXPECT_EQ(delivered_.size(), new_requests_);  // none was handed over twice
    }

    std::size_t answered() const { return answered_.size(); }
    std::size_t begun() const { return begun_.size(); }
    TimePoint now() const { return now_; }

private:
    using Event = std::function<void()>;

    bool chance(unsigned percent) { return random_.number() % 100 < percent; }
    Duration up_to(Duration most) {
        return Duration(static_cast<Duration::rep>(random_.number()) & INT64_MAX) %
               (most + Duration(1));
    }
    void at(TimePoint when, Event event) { events_.emplace(when, std::move(event)); }

    void perform(const Actions& actions) {
        for (const Action& action : actions) {
            std::visit([this](const auto& a) { on(a); }, action);
        }
    }

    void on(const Transmit& a) {
        const bool from_client = std::holds_alternative<ClientId>(a.transaction);
        travel(from_client ? server_ : client_, a.message);
    }
    void travel(Layer& to, const MessagePtr& message) {
        const unsigned copies = chance(weather_.lost) ? 0 : chance(weather_.repeated) ? 2 : 1;
        for (unsigned i = 0; i < copies; ++i) {
            at(now_ + up_to(weather_.delay), [this, &to, message] {
                Actions out;
                to.on_message(hop_, message, out);
                perform(out);
            });
        }
    }
    // Neither timer wheel takes anything back: a stopped timer expires all the same.
    void on(const StartTimer& a) {
        const bool of_client = std::holds_alternative<ClientId>(a.transaction);
        const std::uint64_t start = ++starts_;
        running_[{of_client, number_of(a.transaction), a.timer}] = start;
        at(now_ + a.after, [this, a, of_client, start] {
            if (running_[{of_client, number_of(a.transaction), a.timer}] != start) {
                return;  // started again since
            }
            Actions out;
            (of_client ? client_ : server_).on_timer(a.transaction, a.timer, out);
            perform(out);
        });
    }
    void on(const StopTimer&) {}
    void on(const NewRequest& a) {
        ++new_requests_;
        delivered_.insert(std::string(a.request->call_id()) +
                          std::string(a.request->method_text()) + std::to_string(a.id.value));
        if (a.request->method() == Method::Cancel) {
            respond_later(a.id, a.cancelled ? 200 : 481, 0ms);
            if (a.cancelled) {
                respond_later(a.cancelled, 487, 0ms);
            }
            return;
        }
        static constexpr int finals[] = {200, 200, 302, 404, 486, 503, 603};
        if (a.request->method() == Method::Invite && chance(70)) {
            respond_later(a.id, 180, 0ms);
        }
        respond_later(a.id, finals[random_.number() % std::size(finals)], up_to(15s));
    }
    void respond_later(ServerId id, int status, Duration after) {
        at(now_ + after, [this, id, status] {
            Actions out;
            const MessagePtr request = server_.request(id);
            if (request) {
                server_.respond(id, answer_to(request, status), out);
            }
            perform(out);
            if (request && request->method() == Method::Invite && status == 200) {
                repeat_2xx(id, request, Timers{}.t1);
            }
        });
    }
    // RFC 3261 §13.3.1.4: the user core does it, here without waiting for an ACK.
    void repeat_2xx(ServerId id, const MessagePtr& request, Duration after) {
        at(now_ + after, [this, id, request, after] {
            if (server_.hop(id) != nullptr) {
                Actions out;
                server_.respond(id, answer_to(request, 200), out);
                perform(out);
                repeat_2xx(id, request, std::min(2 * after, Timers{}.t2));
            }
        });
    }
    void on(const Ack&) {}
    void on(const NewResponse& a) {
        if (a.response->status() >= 200) {
            answered_.insert(a.id);
        }
    }
    void on(const ClientFailed&) {}
    void on(const ServerEnded&) {}
    void on(const ClientEnded& a) { EXPECT_TRUE(ended_.insert(a.id).second); }
    void on(const Stray&) {}

    void cancel_when_possible(ClientId id) {
        Actions out;
        const ClientId cancelling = client_.cancel(id, {}, out);
        if (cancelling) {
            begun_.insert(cancelling);
        } else if (client_.hop(id) != nullptr) {
            at(now_ + 1s, [this, id] { cancel_when_possible(id); });
        }
        perform(out);
    }

    static std::uint64_t number_of(const AnyId& id) {
        return std::visit([](auto one) { return one.value; }, id);
    }

    SeededRandom random_;
    Weather weather_;
    Hop hop_;
    TimePoint now_{};
    std::multimap<TimePoint, Event> events_;
    std::map<std::tuple<bool, std::uint64_t, Timer>, std::uint64_t> running_;
    std::uint64_t starts_ = 0;
    Layer client_{Timers{}};
    Layer server_{Timers{}};
    std::set<ClientId> begun_, ended_, answered_;
    std::set<std::string> delivered_;
    std::size_t new_requests_ = 0;
};

TEST(Conversation, EndsWithNothingLeftBehindInAnyWeather) {
    const Weather weathers[] = {{0, 0, 0ms},  {0, 50, 300ms}, {20, 10, 50ms},
                                {40, 30, 2s}, {80, 0, 10ms},  {5, 100, 5s}};
    for (const Weather& weather : weathers) {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Conversation talk(seed, weather, Reliability::Unreliable);
            for (unsigned i = 0; i < 15; ++i) {
                talk.begin(i);
            }
            talk.run();
            talk.expect_nothing_left();
            if (HasFailure()) {
                FAIL() << "seed " << seed << ", lost " << weather.lost;
            }
        }
    }
}

TEST(Conversation, BringsEveryRequestItsAnswerThroughModerateLoss) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Conversation talk(seed, {5, 5, 20ms}, Reliability::Unreliable);
        for (unsigned i = 0; i < 10; ++i) {
            talk.begin(i);
        }
        talk.run();
        talk.expect_nothing_left();
        EXPECT_GE(talk.answered() + 1, talk.begun()) << "seed " << seed;
    }
}

TEST(Conversation, EndsOverAReliableTransportToo) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Conversation talk(seed, {0, 0, 40ms}, Reliability::Reliable);
        for (unsigned i = 0; i < 15; ++i) {
            talk.begin(i);
        }
        talk.run();
        talk.expect_nothing_left();
        EXPECT_EQ(talk.answered(), talk.begun()) << "seed " << seed;
    }
}

// Nobody answers at all.
TEST(Conversation, EndsByItsTimersWhenNothingArrives) {
    Conversation talk(1, {100, 0, 0ms}, Reliability::Unreliable);
    for (unsigned i = 0; i < 10; ++i) {
        talk.begin(i);
    }
    talk.run();
    talk.expect_nothing_left();
    EXPECT_EQ(talk.answered(), 0U);
}

}  // namespace
}  // namespace ringwall::sip::transaction
