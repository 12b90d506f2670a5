#include "phone/line_key.h"

#include "base/text.h"
#include "phone/parameters/catalogue.h"

namespace ringwall::phone {
namespace {

Result<void, std::string> read_functions(std::string_view value, LineKey& key) {
    for (const std::string_view each : split(value, '+')) {
        if (equals_ignoring_case(each, "blf")) {
            key.watches = true;
        } else if (equals_ignoring_case(each, "sd")) {
            key.dials = true;
        } else if (equals_ignoring_case(each, "cp")) {
            key.picks_up = true;
        } else {
            return fail("there is no function \"" + std::string(each) +
                        "\" here; there are blf, sd and cp");
        }
    }
    return {};
}

}  // namespace

Result<LineKey, std::string> parse_extended_function(std::string_view value) {
    LineKey key;
    key.line = 0;
    std::string_view user;
    for (const std::string_view part : split(value, ';')) {
        if (part.empty()) {
            continue;
        }
        std::string_view text = part;
        const std::string_view name = trim(cut(text, '='));
        text = trim(text);
        if (equals_ignoring_case(name, "fnc")) {
            TRY(read_functions(text, key));
        } else if (equals_ignoring_case(name, "sub")) {
            key.address = text;
        } else if (equals_ignoring_case(name, "usr")) {
            user = text;
        } else if (equals_ignoring_case(name, "nme")) {
            key.name = text;
        } else if (equals_ignoring_case(name, "vid")) {
            const auto line = parse_number(text, most_lines);
            if (!line || *line == 0) {
                return fail("vid is the number of an extension, not \"" + std::string(text) + "\"");
            }
            key.line = static_cast<unsigned>(*line);
        } else {
            return fail("\"" + std::string(name) +
                        "\" says nothing here; fnc, sub, usr, nme and vid do");
        }
    }
    if (!user.empty()) {
        key.address = user;
    }
    if (key.address.empty() || !(key.watches || key.dials)) {
        return fail(
            std::string("it is like \"fnc=blf+sd+cp;sub=201@$PROXY;nme=Alice\", with blf or sd"));
    }
    if (key.name.empty()) {
        key.name = key.address.substr(0, key.address.find('@'));
    }
    return key;
}

}  // namespace ringwall::phone
