#include "phone/parameters/reference.h"

#include <string_view>

#include "phone/parameters/catalogue.h"

namespace ringwall::phone {
namespace {

// A bar would end a cell.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out.append(c == '|' ? "\\|" : std::string(1, c));
    }
    return out;
}

std::string code(std::string_view text) {
    return text.empty() ? std::string() : "`" + cell(text) + "`";
}

void append_row(const Parameter& parameter, std::string& out) {
    const std::string_view index = parameter.count == Count::Many ? "[n]" : "";
    out.append("| ").append(parameter.name).append(index);
    if (!parameter.also.empty()) {
        out.append(" (also ").append(parameter.also).append(")");
    }
    out.append(" | ").append(cell(words_for(parameter.type)));
    // SIP Port counts up from extension to extension.
    const bool counts = default_of(parameter, 1) != default_of(parameter, 2);
    out.append(" | ").append(code(parameter.default_value)).append(counts ? " + n - 1" : "");
    out.append(" | ").append(to_string(parameter.access)).append(" | ");
    out.append(parameter.use == Use::Kept ? "*Without effect.* " : "");
    out.append(cell(parameter.help)).append(" |\n");
}

}  // namespace

std::string reference() {
    std::string out =
        "# ringwall-phone: all parameters\n\n"
        "Made from the catalogue (`src/phone/parameters/catalogue.cpp`) by `reference`; not "
        "to be edited.\n"
        "Of `[n]` there is one for each extension. Access is that of the account `user`: `na`, "
        "`ro` or `rw`.\n"
        "*Without effect*: known, checked and kept, so that profiles made for other phones are "
        "read without remarks.\n";
    Page page = Page::System;
    std::string_view section;
    for (const Parameter& parameter : catalogue()) {
        if (section.empty() || page != parameter.page) {
            out.append("\n## ").append(to_string(parameter.page)).append("\n");
            section = {};
        }
        if (section != parameter.section) {
            out.append("\n### ").append(parameter.section);
            out.append("\n\n| name | value | default | access | |\n|---|---|---|---|---|\n");
        }
        page = parameter.page;
        section = parameter.section;
        append_row(parameter, out);
    }
    return out;
}

}  // namespace ringwall::phone
