#include "phone/parameters/type.h"

#include <algorithm>

#include "base/endpoint.h"
#include "base/text.h"
#include "phone/parameters/script.h"

namespace ringwall::phone {
namespace {

using Kind = Type::Kind;

std::optional<std::string_view> chosen(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const std::string_view each = cut(choices, '|');
        if (equals_ignoring_case(each, value)) {
            return each;
        }
    }
    return std::nullopt;
}

std::string joined_choices(std::string_view choices) {
    std::string out;
    for (const char c : choices) {
        c == '|' ? out.append(", ") : out.append(1, c);
    }
    return out;
}

std::string seconds_text(std::int64_t milliseconds) {
    std::string out = std::to_string(milliseconds / 1000);
    if (milliseconds % 1000 != 0) {
        std::string rest = std::to_string(1000 + milliseconds % 1000).substr(1);
        rest.erase(rest.find_last_not_of('0') + 1);
        out.append(".").append(rest);
    }
    return out;
}

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet < 0x20 || octet == 0x7f;
    });
}

bool is_host_character(char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' ||
           c == ']';
}
bool is_host(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_host_character);
}

bool is_host_list(std::string_view text) {
    return std::ranges::all_of(split(text, ','), is_host);
}

bool is_response_template(std::string_view text) {
    return std::ranges::all_of(split(text, ','), [](std::string_view each) {
        return !each.empty() && each.size() <= 3 && std::ranges::all_of(each, [](char c) {
            return is_digit(c) || c == '?' || c == '*';
        });
    });
}

bool is_star_code(std::string_view text) {
    return text.size() >= 2 && text.size() <= 8 && text.front() == '*' &&
           std::ranges::all_of(text.substr(1),
                               [](char c) { return is_digit(c) || c == '*' || c == '#'; });
}

bool fits(const Type& type, std::string_view value) {
    switch (type.kind) {
        case Kind::Bool:
        case Kind::Choice:
            return false;  // spelled() has looked already
        case Kind::Number: {
            const auto number = parse_whole_number(value);
            return number && *number >= type.least && *number <= type.most;
        }
        case Kind::Seconds: {
            const auto time = parse_seconds(value);
            return time && *time >= std::chrono::milliseconds(type.least) &&
                   *time <= std::chrono::milliseconds(type.most);
        }
        case Kind::Text:
        case Kind::Secret:
        case Kind::DialPlan:  // whether it is one, is seen by phone/dial_plan
            return is_printable(value) && value.size() <= static_cast<std::size_t>(type.most);
        case Kind::Ip:
            return IpAddress::parse(value).has_value();
        case Kind::Hosts:
            return is_host_list(value);
        case Kind::Host:
            return is_host(value);
        case Kind::ResponseTemplate:
            return is_response_template(value);
        case Kind::PowerLevel:
            return is_power_level(value);
        case Kind::StarCode:
            return is_star_code(value);
        case Kind::Cadence:
            return is_cadence_script(value);
        case Kind::Frequencies:
            return is_frequency_script(value);
        case Kind::Tone:
            return is_tone_script(value);
    }
    return false;
}

}  // namespace

std::optional<std::int64_t> parse_whole_number(std::string_view text) {
    constexpr std::uint64_t most = INT64_MAX;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        std::int64_t value = 0;
        for (const char c : text) {
            const char low = to_lower(c);
            const int digit = is_digit(low)              ? low - '0'
                              : low >= 'a' && low <= 'f' ? low - 'a' + 10
                                                         : -1;
            if (digit < 0 || text.size() > 8) {
                return std::nullopt;
            }
            value = value * 16 + digit;
        }
        return text.empty() ? std::nullopt : std::optional(value);
    }
    const bool is_negative = text.starts_with('-');
    const auto number = parse_number(text.substr(is_negative ? 1 : 0), most);
    if (!number) {
        return std::nullopt;
    }
    const auto value = static_cast<std::int64_t>(*number);
    return is_negative ? -value : value;
}

std::optional<Duration> parse_seconds(std::string_view text) {
    constexpr std::size_t most_decimals = 3;
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string decimals;
    if (point != std::string_view::npos) {
        decimals = text.substr(point + 1);
    }
    if ((whole.empty() && decimals.empty()) || decimals.size() > most_decimals) {
        return std::nullopt;
    }
    decimals.resize(most_decimals, '0');
    const auto seconds = whole.empty() ? 0 : parse_number(whole, types::most_seconds);
    const auto rest = parse_number(decimals);
    if (!seconds || !rest) {
        return std::nullopt;
    }
    return std::chrono::seconds(*seconds) + std::chrono::milliseconds(*rest);
}

Result<std::string, std::string> spelled(const Type& type, std::string_view value) {
    if (type.kind != Kind::Secret) {  // a password may begin with a blank
        value = trim(value);
    }
    if (value.empty() && type.may_be_empty) {
        return std::string();
    }
    if (type.kind == Kind::Bool || type.kind == Kind::Choice) {
        const std::string_view choices = type.kind == Kind::Bool ? "Yes|No" : type.choices;
        if (const auto found = chosen(choices, value)) {
            return std::string(*found);
        }
    } else if (fits(type, value)) {
        return std::string(value);
    }
    return fail(words_for(type));
}

std::string words_for(const Type& type) {
    const auto range = [&] {
        return " from " + std::to_string(type.least) + " to " + std::to_string(type.most);
    };
    std::string out;
    switch (type.kind) {
        case Kind::Bool:
            out = "Yes or No";
            break;
        case Kind::Choice:
            out = (type.choices.find('|') == std::string_view::npos ? "" : "one of ") +
                  joined_choices(type.choices);
            break;
        case Kind::Number:
            out = "a number" + range();
            break;
        case Kind::Seconds:
            out = "seconds from " + seconds_text(type.least) + " to " + seconds_text(type.most);
            break;
        case Kind::Text:
        case Kind::Secret:
            return "text of up to " + std::to_string(type.most) + " octets";
        case Kind::Ip:
            out = "an IP address";
            break;
        case Kind::Hosts:
            out = "names or addresses, separated by commas";
            break;
        case Kind::Host:
            out = "a name or an address, with a port or without";
            break;
        case Kind::ResponseTemplate:
            out = "status codes such as 404, 5*, 61?";
            break;
        case Kind::PowerLevel:
            out = "a level from -90 to 3 dBm with at most one decimal";
            break;
        case Kind::StarCode:
            out = "a code such as *72, a star and up to 7 keys";
            break;
        case Kind::Cadence:
            out = "a cadence such as 60(2/4)";
            break;
        case Kind::Frequencies:
            out = "frequencies such as 440@-10";
            break;
        case Kind::Tone:
            out = "a tone such as 350@-19,440@-19;10(*/0/1+2)";
            break;
        case Kind::DialPlan:
            out = "a dial plan such as (*xx|xx.)";
            break;
    }
    return type.may_be_empty ? out + ", or empty" : out;
}

}  // namespace ringwall::phone
