#include "phone/parameters/values.h"

#include <algorithm>
#include <set>

#include "phone/dial_plan.h"

namespace ringwall::phone {
namespace {

// What was given, short enough for a sentence.
std::string quoted(const Parameter& parameter, std::string_view value) {
    constexpr std::size_t most = 60;
    if (parameter.type.kind == Type::Kind::Secret) {
        return "what was given";
    }
    std::string out = "\"";
    for (const char c : value.substr(0, most)) {
        const auto octet = static_cast<unsigned char>(c);
        out.push_back(octet < 0x20 || octet == 0x7f ? '?' : c);
    }
    return out.append(value.size() > most ? "...\"" : "\"");
}

}  // namespace

Result<void, std::string> check_number(const Parameter& parameter, unsigned n) {
    const std::string name(parameter.name);
    if (parameter.count == Count::One && n != 0) {
        return fail(name + " exists once, without a number");
    }
    if (parameter.count == Count::Many && (n == 0 || n > most_lines)) {
        return fail(name + " needs a number from 1 to " + std::to_string(most_lines) + ", as in " +
                    full_name(parameter, 1));
    }
    return {};
}

std::string unknown_parameter(std::string_view name) {
    constexpr std::size_t most = 60;
    std::string out = "there is no parameter \"";
    for (const char c : name.substr(0, most)) {
        out.push_back(c >= ' ' && c <= '~' ? c : '?');
    }
    out.push_back('"');
    const std::string_view nearest = nearest_name(name);
    if (!nearest.empty()) {
        out.append("; did you mean \"").append(nearest).append("\"?");
    }
    return out;
}

Result<void, std::string> Values::set(std::string_view name, unsigned n, std::string_view value) {
    const Parameter* const parameter = find_parameter(name);
    return parameter == nullptr ? fail(unknown_parameter(name)) : set(*parameter, n, value);
}

Result<void, std::string> Values::set(const Parameter& parameter, unsigned n,
                                      std::string_view value) {
    TRY(check_number(parameter, n));
    auto spelling = spelled(parameter.type, value);
    if (!spelling) {
        return fail(full_name(parameter, n) + " must be " + spelling.error() + ", not " +
                    quoted(parameter, value));
    }
    if (parameter.type.kind == Type::Kind::DialPlan) {
        if (const auto plan = DialPlan::parse(*spelling); !plan) {
            return fail(full_name(parameter, n) + " is no dial plan: " + plan.error());
        }
    }
    if (*spelling == default_of(parameter, n)) {
        values_.erase({&parameter, n});
    } else {
        values_.insert_or_assign({&parameter, n}, std::move(*spelling));
    }
    return {};
}

Result<void, std::string> Values::reset(const Parameter& parameter, unsigned n) {
    TRY(check_number(parameter, n));
    values_.erase({&parameter, n});
    return {};
}

Result<void, std::string> Values::set_access(const Parameter& parameter, unsigned n,
                                             Access access) {
    TRY(check_number(parameter, n));
    if (access == parameter.access) {
        access_.erase({&parameter, n});
    } else {
        access_.insert_or_assign({&parameter, n}, access);
    }
    return {};
}

std::string Values::get(const Parameter& parameter, unsigned n) const {
    const auto found = values_.find({&parameter, n});
    return found == values_.end() ? default_of(parameter, n) : found->second;
}

std::string Values::get(std::string_view name, unsigned n) const {
    const Parameter* const parameter = find_parameter(name);
    return parameter == nullptr ? std::string() : get(*parameter, n);
}

std::string Values::shown(const Parameter& parameter, unsigned n) const {
    std::string value = get(parameter, n);
    return parameter.type.kind == Type::Kind::Secret && !value.empty() ? "***" : value;
}

Access Values::access(const Parameter& parameter, unsigned n) const {
    const auto found = access_.find({&parameter, n});
    return found == access_.end() ? parameter.access : found->second;
}

std::vector<unsigned> Values::extensions() const {
    std::set<unsigned> out;
    for (const auto& [key, value] : values_) {
        if (key.first->page == Page::Ext) {
            out.insert(key.second);
        }
    }
    return {out.begin(), out.end()};
}

std::vector<unsigned> Values::numbers_of(const Parameter& parameter) const {
    std::vector<unsigned> out;
    for (auto at = values_.lower_bound({&parameter, 0});
         at != values_.end() && at->first.first == &parameter; ++at) {
        out.push_back(at->first.second);
    }
    return out;
}

std::vector<Values::Changed> Values::changed() const {
    // Rows are in one array: the order of their addresses is that of the catalogue.
    std::map<Key, Changed> out;
    for (const auto& [key, value] : values_) {
        out.insert_or_assign(key, Changed{key.first, key.second, true, false});
    }
    for (const auto& [key, access] : access_) {
        Changed& each = out[key];
        each.parameter = key.first;
        each.n = key.second;
        each.has_access = true;
    }
    std::vector<Changed> list;
    list.reserve(out.size());
    for (const auto& [key, each] : out) {
        list.push_back(each);
    }
    return list;
}

}  // namespace ringwall::phone
