// Profiles of the phone: whatever is read, values fit their types, and written they read the same.
#include <algorithm>

#include "base/check.h"
#include "fuzz/target.h"
#include "phone/parameters/profile.h"
#include "phone/parameters/settings_of.h"

namespace ringwall::fuzz {

void run(std::string_view octets) {
    using namespace phone;
    Values values;
    std::size_t line = 1;
    for (const Remark& remark : read_profile(octets, values)) {
        CHECK(remark.line >= line && !remark.sentence.empty());
        line = remark.line;
    }
    const auto lines = static_cast<std::size_t>(std::ranges::count(octets, '\n')) + 1;
    CHECK(line <= lines);
    for (const auto& [parameter, n, has_value, has_access] : values.changed()) {
        const std::string value = values.get(*parameter, n);
        CHECK(spelled(parameter->type, value) == value);
        Values again;
        CHECK(read_profile(statement_of(*parameter, n, value), again).empty());
        CHECK(again.get(*parameter, n) == value);
    }
    const DrawnSettings drawn = settings_of(values);
    CHECK(drawn.settings->lines.size() == values.extensions().size());
}

}  // namespace ringwall::fuzz
