// The phone's parameters, one row each: forms, profiles, dump, reference and the typed settings are
// drawn from here. Names and defaults are those that operators of SIP phones know; docs/phone.md
// lists where this phone departs from them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "phone/parameters/type.h"

namespace ringwall::phone {

enum class Page : std::uint8_t { System, Sip, Regional, Phone, Ext, User };
std::string_view to_string(Page page);  // "Ext n"

// What the account `user` may do; `admin` may do all.
enum class Access : std::uint8_t { None, Read, Write };
std::string_view to_string(Access access);  // na, ro, rw

enum class Use : std::uint8_t {
    Works,  // in the typed settings (phone/settings.h)
    Kept,   // known, checked and kept, and without effect
};
// Most exist once; some for each extension or line key: "Name[n]".
enum class Count : std::uint8_t { One, Many };

struct Parameter {
    std::string_view name;  // "SIP Transport", as it is read on a page
    Page page = Page::System;
    std::string_view section;
    Type type;
    std::string_view default_value;
    Access access = Access::None;
    Use use = Use::Kept;
    std::string_view help;  // a sentence
    Count count = Count::One;
    std::string_view also = "";  // another name of it, of other generations
};

// Extensions are numbered from 1; a typing mistake shall not make a million of them.
inline constexpr unsigned most_lines = 1000;

std::span<const Parameter> catalogue();
// The default of "SIP Port" counts up with n.
std::string default_of(const Parameter& parameter, unsigned n);

// "SIP Transport" and "SIP_Transport" are one name; so are all blanks, brackets and slashes.
struct NameAndNumber {
    const Parameter* parameter = nullptr;
    unsigned n = 0;  // 0: none was written
};
const Parameter* find_parameter(std::string_view name);
// With a number as profiles write it: "SIP_Transport_1_", "SIP Transport[1]", "SIP Transport{1}".
std::optional<NameAndNumber> find_numbered(std::string_view text);
// "SIP Transport[1]"
std::string full_name(const Parameter& parameter, unsigned n);
// The most like it, for "did you mean"; empty if nothing is.
std::string_view nearest_name(std::string_view name);

}  // namespace ringwall::phone
