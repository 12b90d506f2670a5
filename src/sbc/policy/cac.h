// Call admission control: which entries of the active cac-policy-set a call or a registration
// meets, and what each of them counts it with. The counts themselves are `Admissions`, behind a
// CacGate. Pure.
//
// A call is put to the policy twice: when it comes in, as far as that can be judged without knowing
// where it goes; and for each adjacency that it would leave by. What it was counted with before is
// not counted again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/cac_refusal.h"

namespace ringwall::sbc::policy {

struct Inbound;

struct CacEvent {
    enum class Kind : std::uint8_t { Call, Registration };
    Kind kind = Kind::Call;
    AdjacencyIndex source = 0;
    IpAddress source_address = {};
    std::optional<AdjacencyIndex> destination = std::nullopt;  // none: not known yet
};

// An entry that is met.
struct CacDemand {
    const CacTable* table = nullptr;
    const CacEntry* entry = nullptr;
    CacScope scope = CacScope::Global;
    // Names table, entry, and whose the scope is: all that has the same is counted together, under
    // whatever generation of the configuration.
    std::string key = {};
    // Whose registrations are counted; of none of these: all.
    struct Population {
        std::vector<AdjacencyIndex> adjacencies = {};
        std::optional<Network> source = std::nullopt;
        bool contains(AdjacencyIndex adjacency, const IpAddress& address) const;
    };
    Population population = {};  // of a Registration
};
// In the order in which they are met. They point into the snapshot.
std::vector<CacDemand> demands_of(const Snapshot& snapshot, const CacEvent& event);

// How all keys of that entry begin, and the key of whoever `whose` is.
std::string key_of(const CacTable& table, const CacEntry& entry);
std::string key_of(const CacTable& table, const CacEntry& entry, CacScope scope,
                   std::string_view whose);

// For log and record: "max-num-calls 2 of entry 1 in cac-table TRUNKS (src-adjacency)".
std::string detail_of(const CacDemand& demand, CacLimit limit);

// Who knows the counts.
class CacGate {
public:
    virtual ~CacGate() = default;
    // It is counted with each of these, or refused by one of them and counted with none. What
    // cannot be refused is counted all the same.
    enum class Urgency : std::uint8_t {
        Normal,
        Emergency,
        Standing,  // it is up already, from before a restart: no rate is its
    };
    virtual std::optional<CacRefusal> admit_call(std::span<const CacDemand> demands,
                                                 Urgency urgency) = 0;
    // A REGISTER. What it would add to the contacts of its user is asked for, and who has none is
    // counted by the rate; nothing else of it is refused.
    virtual std::optional<CacRefusal> admit_registration(std::span<const CacDemand> demands,
                                                         const Inbound& inbound) = 0;
};

}  // namespace ringwall::sbc::policy
