#include "sbc/policy/carried.h"

#include <algorithm>
#include <array>
#include <variant>

#include "base/text.h"

namespace ringwall::sbc::policy {
namespace {

using sip::Method;

struct Carried {
    Method method = Method::Unknown;
    bool outside = false;
    bool within = true;
    bool phones_only = false;
};
// In the order of our Allow.
constexpr std::array carried_methods{
    Carried{.method = Method::Invite, .outside = true},
    Carried{.method = Method::Ack},
    Carried{.method = Method::Cancel},
    Carried{.method = Method::Bye},
    Carried{.method = Method::Options, .outside = true},
    Carried{.method = Method::Register, .outside = true, .within = false, .phones_only = true},
    Carried{.method = Method::Prack},
    Carried{.method = Method::Update},
    Carried{.method = Method::Info},
    Carried{.method = Method::Message, .outside = true},
    Carried{.method = Method::Refer, .outside = true},
    Carried{.method = Method::Subscribe, .outside = true},
    Carried{.method = Method::Notify, .outside = true},
    Carried{.method = Method::Publish, .outside = true, .within = false},
};
constexpr std::array<std::string_view, 5> passed_options{"100rel", "timer", "norefersub",
                                                         "replaces", "eventlist"};

// Of our registrar: RFC 3327, RFC 5626.
bool is_registrars_option(std::string_view tag) {
    return equals_ignoring_case(tag, "path") || equals_ignoring_case(tag, "outbound");
}

const Carried* find(Method method) {
    const auto found = std::ranges::find(carried_methods, method, &Carried::method);
    return found == carried_methods.end() ? nullptr : &*found;
}

}  // namespace

bool is_carried_outside_dialogs(Method method, Profile profile) {
    const Carried* carried = find(method);
    return carried != nullptr && carried->outside &&
           (!carried->phones_only || profile == Profile::Access);
}

bool is_carried_within_dialogs(Method method) {
    const Carried* carried = find(method);
    return carried != nullptr && carried->within;
}

bool makes_dialog(Method method) {
    return method == Method::Invite || method == Method::Subscribe || method == Method::Refer;
}

std::string allowed_methods(Profile profile) {
    std::string list;
    for (const Carried& carried : carried_methods) {
        if (carried.phones_only && profile != Profile::Access) {
            continue;
        }
        list += list.empty() ? "" : ", ";
        list += sip::to_string(carried.method);
    }
    return list;
}

bool is_passed_option(std::string_view tag) {
    return std::ranges::any_of(passed_options, [tag](std::string_view passed) {
        return equals_ignoring_case(passed, tag);
    });
}

bool carries_challenges(const Adjacency& phones, AdjacencyIndex caller) {
    return phones.passes_challenges && phones.registration_target == caller;
}

bool is_for_registrar(std::string_view realm, std::string_view domain, bool has_asked) {
    return has_asked || equals_ignoring_case(realm, domain);
}

bool tells_who_exists(const Snapshot& snapshot, AdjacencyIndex caller, AdjacencyIndex asked,
                      int status, bool has_rung) {
    const Adjacency& calling = snapshot.adjacencies[caller];
    const auto registers_here = [](const Adjacency& each) {
        return each.profile == Profile::Access && !each.registration_target;
    };
    const bool is_phone = registers_here(snapshot.adjacencies[asked]);
    const auto registers_there = [&](const Adjacency& each) {
        return is_phone ? registers_here(each) : each.registration_target == asked;
    };
    const bool is_of_request = status == 421 || status == 422;
    if (calling.is_trusted() || is_of_request ||
        std::ranges::none_of(snapshot.adjacencies, registers_there)) {
        return false;
    }
    // Busy, declined, and what it cannot do with the call that is offered. A registrar says the
    // rest of users that are not there too; a phone that rings, or sends its callers elsewhere, is
    // there.
    constexpr std::array words_of_users{486, 488, 600, 603, 606};
    const bool is_users = std::ranges::find(words_of_users, status) != words_of_users.end() ||
                          (is_phone && (has_rung || status < 400));
    return !is_users || (!has_rung && !registers_there(calling));
}

bool would_tell_who_exists(const Adjacency& caller, std::span<const Route> routes) {
    return !caller.is_trusted() && std::ranges::any_of(routes, [](const Route& each) {
        return std::holds_alternative<ToLocation>(each);
    });
}

bool is_answered_for(const sip::Message& request) {
    return request.method() == Method::Invite ||
           (request.method() == Method::Notify && request.to_tag().empty());
}

bool is_vouched_for(const sip::Message& request, const Adjacency& sender) {
    return request.method() != Method::Notify ||
           (sender.is_trusted() && sender.profile != Profile::Access);
}

std::string unsupported_options(const sip::Message& request) {
    using sip::HeaderName;
    std::string unsupported;
    const auto refuse = [&unsupported](std::string_view option) {
        unsupported += unsupported.empty() ? "" : ", ";
        unsupported += option;
    };
    const bool is_register = request.method() == Method::Register;
    for (const std::string_view option : request.values(HeaderName::Require)) {
        if (is_register ? !is_registrars_option(option) : !is_passed_option(option)) {
            refuse(option);
        }
    }
    for (const std::string_view option : request.values(HeaderName::ProxyRequire)) {
        if (!equals_ignoring_case(option, "privacy")) {  // RFC 3323 §5: we are such a service
            refuse(option);
        }
    }
    return unsupported;
}

}  // namespace ringwall::sbc::policy
