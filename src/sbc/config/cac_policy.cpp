#include "sbc/config/cac_policy.h"

namespace ringwall::sbc {

std::string_view to_string(CacScope scope) {
    switch (scope) {
        case CacScope::Global:
            return "global";
        case CacScope::SourceAccount:
            return "src-account";
        case CacScope::DestinationAccount:
            return "dst-account";
        case CacScope::SourceAdjacency:
            return "src-adjacency";
        case CacScope::DestinationAdjacency:
            return "dst-adjacency";
        case CacScope::SourceAddress:
            return "src-address";
        case CacScope::Call:
            return "call";
    }
    return "";
}

std::string_view to_string(CacMatch match) {
    switch (match) {
        case CacMatch::All:
            return "all";
        case CacMatch::Account:
            return "account";
        case CacMatch::SourceAccount:
            return "src-account";
        case CacMatch::DestinationAccount:
            return "dst-account";
        case CacMatch::Adjacency:
            return "adjacency";
        case CacMatch::SourceAdjacency:
            return "src-adjacency";
        case CacMatch::DestinationAdjacency:
            return "dst-adjacency";
        case CacMatch::SourceAddress:
            return "src-address";
    }
    return "";
}

std::string_view to_string(CacLimit limit) {
    static constexpr std::array<std::string_view, cac_limit_count> words{
        "max-num-calls",     "max-call-rate", "max-in-call-rate",
        "max-out-call-rate", "max-regs",      "max-reg-rate"};
    return words.at(static_cast<std::size_t>(limit));
}

std::string_view sentence(CacLimit limit) {
    static constexpr std::array<std::string_view, cac_limit_count> sentences{
        "As many calls are up as the admission policy allows.",
        "As many calls were made as the admission policy allows in a minute.",
        "As many calls came in as the admission policy allows in a minute.",
        "As many calls left as the admission policy allows in a minute.",
        "As many phones are registered as the admission policy allows.",
        "As many phones registered as the admission policy allows in a minute."};
    return sentences.at(static_cast<std::size_t>(limit));
}

}  // namespace ringwall::sbc
