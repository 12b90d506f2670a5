#include "scenario/flow_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/text.h"

namespace ringwall::test {

namespace {

// The far ends of these conversations speak SIP, not SIPS, and are known by their domains.
std::string with_scheme_sip(std::string text) {
    for (auto at = text.find("sips:"); at != std::string::npos; at = text.find("sips:")) {
        text.erase(at + 3, 1);
    }
    // A phone's own host, behind the proxy that is left out here.
    for (auto at = text.find("@client."); at != std::string::npos; at = text.find("@client.")) {
        text.erase(at + 1, 7);
    }
    return text;
}

bool is_of_the_speaker(std::string_view name) {
    constexpr std::array<std::string_view, 9> names{
        "Via",  "Route",        "Record-Route",   "Contact", "Call-ID",
        "CSeq", "Max-Forwards", "Content-Length", "Allow"};
    return std::ranges::any_of(names,
                               [&](const auto& each) { return equals_ignoring_case(each, name); });
}

// The lines of a header as the documents print it: folded, or between marks.
std::vector<std::string> header_lines(std::istream& in) {
    std::vector<std::string> lines;
    bool is_one_line = false;
    for (std::string line; std::getline(in, line) && !trim(line).empty();) {
        const std::string_view words = trim(line);
        if (words == "<allOneLine>" || words == "</allOneLine>") {
            is_one_line = !is_one_line;
            if (is_one_line) {
                lines.emplace_back();
            }
        } else if (is_one_line) {
            lines.back().append(words);
        } else if (!lines.empty() && line.front() == ' ') {
            lines.back().append(words);
        } else {
            lines.emplace_back(words);
        }
    }
    return lines;
}

}  // namespace

std::string FlowMessage::field(std::string_view name) const {
    const auto found =
        std::ranges::find_if(fields, [&](const auto& each) { return each.first == name; });
    return found == fields.end() ? "" : found->second;
}

FlowMessage flow_message(const std::string& name) {
    FlowMessage message;
    std::ifstream in(std::string(TEST_DATA) + "/scenario/data/" + name + ".sip");
    EXPECT_TRUE(in) << name;
    bool is_in_dialog = false;
    for (const std::string& line : header_lines(in)) {
        const auto colon = line.find(':');
        const auto blank = line.find(' ');
        if (blank < colon) {  // the start line
            message.request_uri =
                line.starts_with("SIP/")
                    ? ""
                    : with_scheme_sip(line.substr(blank + 1, line.rfind(' ') - blank - 1));
            continue;
        }
        const std::string key(trim(std::string_view(line).substr(0, colon)));
        if (!is_of_the_speaker(key)) {
            const std::string value(trim(std::string_view(line).substr(colon + 1)));
            is_in_dialog =
                is_in_dialog || (key == "To" && value.find(";tag=") != std::string::npos);
            message.fields.emplace_back(key, with_scheme_sip(value));
        }
    }
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        message.body.append(line).append("\r\n");
    }
    // The documents leave out the rest of some: those say nothing, and the phone uses its own.
    if (message.field("Content-Type") == "application/sdp") {
        message.fields = without(std::move(message.fields), "Content-Type");
        if (message.body.find("\r\nm=") == std::string::npos) {
            message.body.clear();
        }
    }
    if (is_in_dialog || message.request_uri.empty()) {
        message.fields = without(without(std::move(message.fields), "From"), "To");
    }
    return message;
}

Phone::Fields without(Phone::Fields fields, std::string_view name) {
    std::erase_if(fields, [&](const auto& each) { return each.first == name; });
    return fields;
}

}  // namespace ringwall::test
