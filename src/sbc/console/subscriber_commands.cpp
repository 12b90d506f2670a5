#include "sbc/console/subscriber_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "sbc/model/word_values.h"
#include "sbc/stored_subscribers.h"

namespace ringwall::sbc::console {

namespace {

using Json = nlohmann::ordered_json;
using Done = StoredSubscribers::Done;

constexpr std::size_t most_suggestions = 50;

Result<std::string, Answer> name_of(const Desk& desk, const Arguments& rest) {
    if (desk.subscribers == nullptr) {
        return fail(Answer{.fault = "subscribers cannot be changed here"});
    }
    // Not shown where it is wrong: a password may have slipped in ("alice:secret@example.com").
    auto name = rest.empty() ? std::nullopt : canonical_user(rest.front());
    if (!name) {
        return fail(Answer{.fault = "a subscriber is an address-of-record like alice@example.com, "
                                    "without port, password or parameters",
                           .word = 0});
    }
    return std::move(*name);
}

Answer refused(const Done& done) {
    return {.fault = done.error(), .word = 0};
}

// No phone can register with it until somebody configures more.
std::string surprise(const Snapshot& snapshot, const std::string& name) {
    const std::string domain = name.substr(name.rfind('@') + 1);
    const bool is_served = std::ranges::any_of(snapshot.adjacencies, [&](const Adjacency& each) {
        return each.profile == Profile::Access && each.is_attached &&
               (each.domains.empty() ||
                std::ranges::find(each.domains, domain) != each.domains.end());
    });
    return is_served ? ""
                     : "subscriber '" + name +
                           "' can register nowhere yet: no attached adjacency with preset-access "
                           "has its domain\n";
}

void list(const Subscriber& subscriber, const char* where, std::string& text, Json& json) {
    text += fmt::format("{}\n  username {}, realm {}, in the {}\n", subscriber.address_of_record,
                        subscriber.username, subscriber.realm, where);
    json.push_back({{"subscriber", subscriber.address_of_record},
                    {"username", subscriber.username},
                    {"realm", subscriber.realm},
                    {"kept-in", where}});
}

}  // namespace

std::string show_subscribers(const Snapshot& snapshot, bool as_json) {
    std::vector<std::pair<const Subscriber*, const char*>> all;
    for (const Subscriber& each : snapshot.subscribers) {
        all.emplace_back(&each, "configuration");
    }
    if (snapshot.stored_subscribers != nullptr) {
        for (const Subscriber& each : *snapshot.stored_subscribers) {
            all.emplace_back(&each, "store");
        }
    }
    std::ranges::stable_sort(all, {}, [](const auto& each) -> const std::string& {
        return each.first->address_of_record;
    });
    std::string text;
    Json json = Json::array();
    for (const auto& [subscriber, where] : all) {
        list(*subscriber, where, text, json);
    }
    return as_json        ? json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
           : text.empty() ? "No subscribers.\n"
                          : text;
}

Answer add_subscriber(Desk& desk, const Arguments& rest) {
    const auto name = name_of(desk, rest);
    if (!name) {
        return name.error();
    }
    if (const Done may = desk.subscribers->may_add(*name); !may) {
        return refused(may);
    }
    desk.password.ask(*name, [&desk, name = *name](const Secret& password) {
        if (const Done done = desk.subscribers->add(name, password); !done) {
            return Answer{.fault = done.error()};
        }
        desk.audit(desk.user, "subscriber added", name);
        return Answer{.output = surprise(desk.views.snapshot(), name)};
    });
    return {};
}

Answer change_subscriber_password(Desk& desk, const Arguments& rest) {
    const auto name = name_of(desk, rest);
    if (!name) {
        return name.error();
    }
    if (const Done may = desk.subscribers->may_change(*name); !may) {
        return refused(may);
    }
    desk.password.ask(*name, [&desk, name = *name](const Secret& password) {
        if (const Done done = desk.subscribers->change_password(name, password); !done) {
            return Answer{.fault = done.error()};
        }
        desk.audit(desk.user, "subscriber's password changed", name);
        return Answer{};
    });
    return {};
}

Answer remove_subscriber(Desk& desk, const Arguments& rest) {
    const auto name = name_of(desk, rest);
    if (!name) {
        return name.error();
    }
    if (const Done done = desk.subscribers->remove(*name); !done) {
        return refused(done);
    }
    desk.audit(desk.user, "subscriber removed", *name);
    return {};
}

std::vector<model::Suggestion> stored_subscribers(const Desk& desk) {
    std::vector<model::Suggestion> out;
    const auto& stored = desk.views.snapshot().stored_subscribers;
    if (stored != nullptr) {
        for (const Subscriber& each : *stored) {
            if (out.size() == most_suggestions) {
                break;
            }
            out.push_back({each.address_of_record, "in the store", true});
        }
    }
    return out;
}

}  // namespace ringwall::sbc::console
