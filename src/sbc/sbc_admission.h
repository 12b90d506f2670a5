// Part of Sbc: the counts of the admission policy as one request meets them.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "sbc/admissions.h"
#include "sbc/sbc.h"

namespace ringwall::sbc {

class Sbc::Gate final : public policy::CacGate {
public:
    // Question: nothing is counted.
    enum class Purpose : std::uint8_t { Request, Question };
    explicit Gate(Sbc& sbc, Purpose purpose = Purpose::Request) : sbc_(sbc), purpose_(purpose) {}

    std::optional<policy::CacRefusal> admit_call(std::span<const policy::CacDemand> demands,
                                                 Urgency urgency) override;
    std::optional<policy::CacRefusal> admit_registration(std::span<const policy::CacDemand> demands,
                                                         const policy::Inbound& inbound) override;

    // What the call is counted with.
    Admissions::Held take() { return std::move(held_); }

private:
    Sbc& sbc_;
    const Purpose purpose_;
    Admissions::Held held_;
};

}  // namespace ringwall::sbc
