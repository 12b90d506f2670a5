// What the admission policy counts: calls that are up, and calls and registrations of the last
// minute. One for all workers, from any thread: a limit is a limit of the whole border controller.
// Where no cac-policy-set is active nobody comes here. Time is a parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/token_bucket.h"
#include "sbc/policy/cac.h"

namespace ringwall::sbc {

class Admissions {
public:
    using Urgency = policy::CacGate::Urgency;
    static constexpr Duration minute = 60s;
    // Those of which no call is up; of more the one that was met first is forgotten.
    static constexpr std::size_t max_idle = 65'536;

    // What one call is counted with, until it is over.
    class Held {
    public:
        Held() = default;
        Held(Held&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)),
              counted_(std::exchange(other.counted_, {})) {}
        Held& operator=(Held&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(counted_, other.counted_);
            return *this;
        }
        ~Held() { release(); }
        void release();
        // It goes on with no leg on any other adjacency. What it came in with stays.
        void keep_legs(std::span<const AdjacencyIndex> legs);
        bool is_empty() const { return counted_.empty(); }

    private:
        friend class Admissions;
        struct Counted {
            std::string key;
            bool is_of_caller = false;         // counted as it came in
            bool has_left = false;             // its rate out was counted
            std::vector<AdjacencyIndex> legs;  // that it is counted for besides
        };
        Counted* find(std::string_view key);
        Admissions* owner_ = nullptr;  // of what is counted
        std::vector<Counted> counted_;
    };

    // Counted with all of these and noted in `held`, or with none. `leg`: the adjacency that it
    // would leave by; none: it comes in.
    std::optional<policy::CacRefusal> admit_call(std::span<const policy::CacDemand> demands,
                                                 std::optional<AdjacencyIndex> leg, Urgency urgency,
                                                 Held& held, TimePoint now);
    // The same of a REGISTER: the contacts of the population of each demand, and those that it adds
    // there. `is_new`: of who is not registered, so that it is counted by the rate.
    struct Contacts {
        std::size_t registered = 0;
        std::size_t added = 0;
    };
    std::optional<policy::CacRefusal> admit_registration(std::span<const policy::CacDemand> demands,
                                                         std::span<const Contacts> contacts,
                                                         bool is_new, TimePoint now);
    // What those would say now; nothing is counted.
    std::optional<policy::CacRefusal> would_refuse_call(std::span<const policy::CacDemand> demands,
                                                        std::optional<AdjacencyIndex> leg,
                                                        TimePoint now) const;

    // For the operator: what is counted of an entry, by whose scope it is.
    struct Usage {
        std::string scope;     // "src-account"
        std::string scope_of;  // "" of all, else an account, adjacency or address
        std::size_t calls = 0;
    };
    std::vector<Usage> usage(const CacTable& table, const CacEntry& entry) const;
    std::size_t size() const;
    bool is_consistent() const;

private:
    struct Count {
        std::size_t calls = 0;
        TokenBucket call_rate, in_rate, out_rate, reg_rate;
        std::uint64_t since = 0;  // by which the idle ones are in order
    };
    using Counts = std::map<std::string, Count, std::less<>>;

    static std::optional<policy::CacRefusal> refuse(const policy::CacDemand& demand,
                                                    const Count* count, bool is_counted,
                                                    bool leaves, bool has_left, TimePoint now);
    Counts::iterator touch(const std::string& key);
    void settle(Counts::iterator count);
    void release(std::string_view key);

    mutable std::mutex mutex_;
    Counts counts_;
    std::map<std::uint64_t, Counts::iterator> idle_;  // the one that was met first in front
    std::uint64_t last_since_ = 0;
};

}  // namespace ringwall::sbc
