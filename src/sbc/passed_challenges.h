// What was asked for a proof through us, where a registrar is behind us: by it, and by the phones
// that it calls (`registration challenges pass`). Credentials pass to who asked for them, and to
// nobody else. Tables for all workers, from any thread; time is a parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sip/message.h"

namespace ringwall::sbc {

// The challenges of phones that were passed on to their registrar. A phone goes by a word of ours:
// the token of its contact, or the tag of a dialog with it.
class PassedChallenges {
public:
    static constexpr Duration lifetime = 300s;  // then the phone is asked to ask again
    // When there are more, the oldest goes: of that phone, of all.
    static constexpr std::size_t of_one_phone = 8;
    static constexpr std::size_t capacity = 16'384;

    void add(std::string_view phone, AdjacencyIndex registrar, const sip::Message& challenge,
             TimePoint now);
    // Do these credentials, a line of that registrar's request, answer one of this phone's?
    bool is_answer(std::string_view phone, AdjacencyIndex registrar, const sip::HeaderLine& line,
                   TimePoint now);
    std::size_t size() const;

private:
    struct Asked {
        std::uint64_t number = 0;
        std::string what;  // hash of who asked whom for what
    };
    struct Place {
        std::string phone;
        TimePoint until;
    };
    void add(const std::string& phone, std::string what, TimePoint now);
    void forget(std::uint64_t number);
    void forget_old(TimePoint now);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::deque<Asked>> by_phone_;  // words of ours
    std::map<std::uint64_t, Place> in_order_;                      // by number: all live as long
    std::uint64_t last_ = 0;
};

// The realms that each registrar has asked phones for.
class Realms {
public:
    static constexpr std::size_t of_one_registrar = 16;

    void add(AdjacencyIndex registrar, const sip::Message& challenge);
    bool contains(AdjacencyIndex registrar, std::string_view realm) const;
    // Another is there now.
    void forget(AdjacencyIndex registrar);

private:
    mutable std::mutex mutex_;
    std::map<AdjacencyIndex, std::deque<std::string>> by_registrar_;
};

}  // namespace ringwall::sbc
