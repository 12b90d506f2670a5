// Three users who do anything at any time, and connections that drop under them.
#include <algorithm>

#include "scenario/phone_lab.h"

namespace ringwall::test {
namespace {

// What one of them does next, by chance; most of it is refused with a sentence.
class Users : public ThreePhones {
protected:
    using CallId = phone::CallId;

    std::uint64_t below(std::uint64_t limit) { return random_.number() % limit; }
    CallId any_call(RingwallPhone& phone) {
        const auto& calls = phone->calls();
        return calls.empty()
                   ? CallId{}
                   : std::next(calls.begin(), static_cast<std::ptrdiff_t>(below(calls.size())))
                         ->first;
    }
    void act(RingwallPhone& phone, const std::vector<std::string>& numbers) {
        const CallId call = any_call(phone);
        const std::string& number = numbers[below(numbers.size())];
        switch (below(16)) {
            case 0:
            case 1:
            case 2:
                phone.dial(number);
                return;
            case 3:
            case 4:
            case 5:
                (void)phone->answer(call);
                return;
            case 6:
                (void)phone->hang_up(call);
                return;
            case 7:
            case 8:
                (void)phone->hold(call, true);
                return;
            case 9:
            case 10:
                (void)phone->hold(call, false);
                return;
            case 11:
                (void)phone->transfer(call, number);
                return;
            case 12:
                (void)phone->transfer(call, any_call(phone));
                return;
            case 13:
                (void)phone->conference({call, any_call(phone)});
                return;
            case 14:
                (void)phone->send_digits(call, "12#");
                return;
            case 15:
                if (below(4) == 0) {
                    phone.node().cut();
                } else {
                    (void)phone->reject(call);
                }
                return;
            default:
                return;
        }
    }

    // Whoever sends to a stream that is there sends with the key that is heard there.
    void expect_matching_keys(std::uint64_t seed) {
        for (RingwallPhone* const from : {&alice, &bob, &carol}) {
            for (RingwallPhone* const to : {&alice, &bob, &carol}) {
                for (const auto& [id, sends] : from->media.streams) {
                    for (const auto& [other, hears] : to->media.streams) {
                        const bool is_pair = sends.spec && hears.spec && !sends.is_closed &&
                                             !hears.is_closed && sends.spec->remote == hears.rtp &&
                                             hears.spec->remote == sends.rtp;
                        if (is_pair) {
                            ++pairs_;
                            EXPECT_EQ(sends.spec->send_key, hears.spec->receive_key) << seed;
                        }
                    }
                }
            }
        }
    }

    SeededRandom random_{1};
    unsigned pairs_ = 0;
};

TEST_F(Users, WhateverTheyDoNothingIsLeft) {
    const std::vector<std::string> numbers{"alice", "bob", "carol", "nobody"};
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        random_ = SeededRandom(seed);
        for (int step = 0; step < 120; ++step) {
            for (RingwallPhone* const each : {&alice, &bob, &carol}) {
                act(*each, numbers);
            }
            net.run_for(std::chrono::milliseconds(below(3) == 0 ? below(5000) : below(60)));
        }
        net.run_for(40s);
        expect_matching_keys(seed);
        for (RingwallPhone* const each : {&alice, &bob, &carol}) {
            std::vector<CallId> left;
            for (const auto& [id, call] : (*each)->calls()) {
                left.push_back(id);
            }
            for (const CallId id : left) {
                (void)(*each)->hang_up(id);
            }
        }
        net.run_for(120s);
        for (RingwallPhone* const each : {&alice, &bob, &carol}) {
            EXPECT_TRUE((*each)->calls().empty()) << "seed " << seed;
            EXPECT_EQ(each->media.open_streams(), 0U) << "seed " << seed;
            EXPECT_TRUE(each->is_registered()) << "seed " << seed;
        }
        if (HasFailure()) {
            return;
        }
    }
    EXPECT_GT(pairs_, 20U);
}

}  // namespace
}  // namespace ringwall::test
