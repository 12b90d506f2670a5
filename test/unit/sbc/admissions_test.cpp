// The counts of the admission policy: what is taken, given back, and forgotten.
#include "sbc/admissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace ringwall::sbc {
namespace {

using policy::CacDemand;
using Urgency = Admissions::Urgency;

constexpr TimePoint start{1000s};
constexpr AdjacencyIndex east = 1, north = 2;

class Counted : public testing::Test {
public:
    Counted& limit(CacLimit which, std::uint32_t most) {
        entry.limits[static_cast<std::size_t>(which)] = most;
        return *this;
    }

protected:
    ~Counted() override { EXPECT_TRUE(admissions.is_consistent()); }

    CacDemand demand(const std::string& whose = "") const {
        return {.table = &table,
                .entry = &entry,
                .key = policy::key_of(table, entry, CacScope::Global, whose),
                .population = {}};
    }
    std::optional<CacLimit> call(Admissions::Held& held, TimePoint now = start,
                                 std::optional<AdjacencyIndex> leg = std::nullopt,
                                 Urgency urgency = Urgency::Normal) {
        const std::array demands{demand()};
        const auto refusal = admissions.admit_call(demands, leg, urgency, held, now);
        return refusal ? std::optional(refusal->limit) : std::nullopt;
    }
    std::size_t calls() const {
        const auto usage = admissions.usage(table, entry);
        return usage.empty() ? 0 : usage[0].calls;
    }

    CacTable table{.name = "T", .entries = {}};
    CacEntry entry{.number = 1};
    Admissions admissions;
};

TEST_F(Counted, SoManyCallsAndNoMore) {
    limit(CacLimit::MaxNumCalls, 2);
    std::array<Admissions::Held, 3> held;
    EXPECT_EQ(call(held[0]), std::nullopt);
    EXPECT_EQ(call(held[1]), std::nullopt);
    EXPECT_EQ(call(held[2]), CacLimit::MaxNumCalls);
    EXPECT_TRUE(held[2].is_empty());
    EXPECT_EQ(calls(), 2U);
    held[0].release();
    EXPECT_EQ(calls(), 1U);
    EXPECT_EQ(call(held[2]), std::nullopt);
}

TEST_F(Counted, ACallThatIsGoneIsGivenBackByItself) {
    limit(CacLimit::MaxNumCalls, 1);
    {
        Admissions::Held held;
        call(held);
        const Admissions::Held moved = std::move(held);
        EXPECT_EQ(calls(), 1U);
    }
    EXPECT_EQ(calls(), 0U);
}

TEST_F(Counted, OnlyOneOfThemFullAndNoneIsCounted) {
    limit(CacLimit::MaxNumCalls, 1);
    Admissions::Held first;
    call(first);
    const std::array both{demand("other"), demand()};
    Admissions::Held held;
    EXPECT_TRUE(admissions.admit_call(both, std::nullopt, Urgency::Normal, held, start));
    EXPECT_TRUE(held.is_empty());
    EXPECT_EQ(admissions.size(), 1U);
}

TEST_F(Counted, AnEmergencyCallIsCountedAndNotRefused) {
    limit(CacLimit::MaxNumCalls, 1).limit(CacLimit::MaxCallRate, 1);
    std::array<Admissions::Held, 2> held;
    call(held[0]);
    EXPECT_EQ(call(held[1], start, std::nullopt, Urgency::Emergency), std::nullopt);
    EXPECT_EQ(calls(), 2U);
}

TEST_F(Counted, ACallFromBeforeARestartIsCountedAndHasNoRate) {
    limit(CacLimit::MaxNumCalls, 1).limit(CacLimit::MaxCallRate, 1);
    std::array<Admissions::Held, 3> held;
    call(held[0], start, std::nullopt, Urgency::Standing);
    EXPECT_EQ(call(held[1], start, std::nullopt, Urgency::Standing), std::nullopt);
    EXPECT_EQ(calls(), 2U);
    EXPECT_EQ(call(held[2]), CacLimit::MaxNumCalls);
    held[0].release();
    held[1].release();
    EXPECT_EQ(call(held[2]), std::nullopt);
}

TEST_F(Counted, ARateIsOfAMinute) {
    limit(CacLimit::MaxCallRate, 2);
    Admissions::Held held;
    EXPECT_EQ(call(held), std::nullopt);
    held.release();
    EXPECT_EQ(call(held), std::nullopt);
    held.release();
    EXPECT_EQ(call(held), CacLimit::MaxCallRate);
    const std::array demands{demand()};
    EXPECT_EQ(admissions.admit_call(demands, std::nullopt, Urgency::Normal, held, start)->wait,
              30s);
    EXPECT_EQ(call(held, start + 30s), std::nullopt);
}

TEST_F(Counted, RatesInAndOutAreTwo) {
    limit(CacLimit::MaxInCallRate, 1).limit(CacLimit::MaxOutCallRate, 1);
    std::array<Admissions::Held, 2> held;
    EXPECT_EQ(call(held[0]), std::nullopt);
    EXPECT_EQ(call(held[0], start, east), std::nullopt);
    EXPECT_EQ(call(held[0], start, north), std::nullopt);  // one call leaves once
    EXPECT_EQ(call(held[1]), CacLimit::MaxInCallRate);
    EXPECT_EQ(call(held[1], start, east), CacLimit::MaxOutCallRate);
}

TEST_F(Counted, ACallIsCountedOnceHoweverManyLegsItHas) {
    limit(CacLimit::MaxNumCalls, 1);
    Admissions::Held held;
    EXPECT_EQ(call(held), std::nullopt);
    EXPECT_EQ(call(held, start, east), std::nullopt);
    EXPECT_EQ(call(held, start, north), std::nullopt);
    EXPECT_EQ(calls(), 1U);
}

TEST_F(Counted, ALegThatIsNoMoreIsGivenBackUnlessTheCallerOrAnotherCountsToo) {
    limit(CacLimit::MaxNumCalls, 1);
    Admissions::Held held;
    call(held, start, east);
    call(held, start, north);
    held.keep_legs(std::array{north});
    EXPECT_EQ(calls(), 1U);
    held.keep_legs({});
    EXPECT_EQ(calls(), 0U);
    call(held);
    held.keep_legs({});
    EXPECT_EQ(calls(), 1U);
}

TEST_F(Counted, WhatIsAskedIsNotCounted) {
    limit(CacLimit::MaxNumCalls, 1);
    const std::array demands{demand()};
    EXPECT_FALSE(admissions.would_refuse_call(demands, std::nullopt, start));
    EXPECT_EQ(admissions.size(), 0U);
    Admissions::Held held;
    call(held);
    EXPECT_TRUE(admissions.would_refuse_call(demands, std::nullopt, start));
}

TEST_F(Counted, ALimitThatIsChangedCountsAtOnce) {
    limit(CacLimit::MaxNumCalls, 1);
    std::array<Admissions::Held, 2> held;
    call(held[0]);
    EXPECT_EQ(call(held[1]), CacLimit::MaxNumCalls);
    limit(CacLimit::MaxNumCalls, 2);
    EXPECT_EQ(call(held[1]), std::nullopt);
}

TEST_F(Counted, RegistrationsByTheirNumberAndTheirRate) {
    limit(CacLimit::MaxRegs, 3).limit(CacLimit::MaxRegRate, 2);
    const std::array demands{demand()};
    const auto ask = [&](std::size_t registered, std::size_t added, bool is_new = true) {
        const std::array contacts{Admissions::Contacts{registered, added}};
        const auto refusal = admissions.admit_registration(demands, contacts, is_new, start);
        return refusal ? std::optional(refusal->limit) : std::nullopt;
    };
    EXPECT_EQ(ask(3, 1), CacLimit::MaxRegs);
    EXPECT_EQ(ask(1, 3), CacLimit::MaxRegs);
    EXPECT_EQ(ask(1, 3, false), CacLimit::MaxRegs);
    EXPECT_EQ(ask(1, 2), std::nullopt);
    EXPECT_EQ(ask(2, 1), std::nullopt);
    EXPECT_EQ(ask(2, 1), CacLimit::MaxRegRate);
    EXPECT_EQ(ask(2, 1, false), std::nullopt);
    EXPECT_EQ(ask(5, 0, false), std::nullopt);
}

TEST_F(Counted, OfWhoHasNoCallUpTheOldestIsForgotten) {
    limit(CacLimit::MaxNumCalls, 1).limit(CacLimit::MaxCallRate, 1);
    Admissions::Held up;
    call(up);
    for (std::size_t i = 0; i < Admissions::max_idle + 10; ++i) {
        Admissions::Held held;
        const std::array demands{demand(std::to_string(i))};
        EXPECT_FALSE(admissions.admit_call(demands, std::nullopt, Urgency::Normal, held, start));
    }
    EXPECT_EQ(admissions.size(), Admissions::max_idle + 1);
    EXPECT_EQ(calls(), 1U);
    Admissions::Held held;
    const auto again = [&](std::size_t i) {
        const std::array demands{demand(std::to_string(i))};
        return admissions.admit_call(demands, std::nullopt, Urgency::Normal, held, start);
    };
    EXPECT_FALSE(again(0));                        // it had been forgotten
    EXPECT_TRUE(again(Admissions::max_idle + 9));  // its minute is not over
}

// Four workers, one limit.
TEST_F(Counted, IsExactFromSeveralThreads) {
    limit(CacLimit::MaxNumCalls, 10);
    std::array<std::array<Admissions::Held, 10>, 4> held;
    std::atomic<int> admitted = 0;
    std::vector<std::thread> threads;
    for (auto& its : held) {
        threads.emplace_back([&] {
            for (Admissions::Held& each : its) {
                admitted += call(each) ? 0 : 1;
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_EQ(admitted, 10);
    EXPECT_EQ(calls(), 10U);
}

}  // namespace
}  // namespace ringwall::sbc
