#include "sbc/console/subscriber_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "sbc/console/command_match.h"
#include "sbc/model/codec.h"
#include "sbc/model/schema.h"
#include "sbc/model/word_values.h"
#include "sbc/stored_subscribers.h"

namespace ringwall::sbc::console {

namespace {

using namespace std::string_view_literals;
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
    text += fmt::format("{}\n  username {}, realm {}, {}in the {}\n", subscriber.address_of_record,
                        subscriber.username, subscriber.realm,
                        subscriber.certificate_name.empty()
                            ? ""
                            : "certificate-name " + subscriber.certificate_name + ", ",
                        where);
    Json& one = json.emplace_back(Json{{"subscriber", subscriber.address_of_record},
                                       {"username", subscriber.username},
                                       {"realm", subscriber.realm}});
    if (!subscriber.certificate_name.empty()) {
        one["certificate-name"] = subscriber.certificate_name;
    }
    one["kept-in"] = where;
}

// ---- what may be said of a new one --------------------------------------------------------------

using Options = StoredSubscribers::Options;
struct Option {
    std::string_view word;  // of the model, too
    std::string Options::*value;
};
constexpr std::array known_options{Option{"username", &Options::username},
                                   Option{"realm", &Options::realm},
                                   Option{"certificate-name", &Options::certificate_name}};

// By its beginning.
const Option* option_of(std::string_view word) {
    const auto* const found = std::ranges::find_if(
        known_options, [word](const Option& each) { return begins(each.word, word); });
    return word.empty() || found == known_options.end() ? nullptr : found;
}

const model::Node& node_of(const Option& option) {
    const model::Node* node = &model::Schema::instance().root();
    for (const std::string_view name : {"sbc"sv, "sbe"sv, "subscriber"sv, option.word}) {
        node = node->child(name);
        CHECK(node != nullptr);
    }
    return *node;
}

// The words behind the name, which begin at `rest[1]`.
Result<Options, Answer> options_of(const Arguments& rest) {
    Options out;
    for (std::size_t at = 1; at < rest.size(); at += 2) {
        const Option& option = *option_of(rest[at]);  // words_of_subscriber_add knows no others
        const std::string command(option.word);
        if (!(out.*option.value).empty()) {
            return fail(Answer{.fault = "'" + command + "' was already given; keep one of them",
                               .word = at});
        }
        if (at + 1 == rest.size()) {
            return fail(Answer{.fault = "'" + command + "' needs a value", .word = at + 1});
        }
        auto value = model::decode(node_of(option).arguments.front(), command,
                                   std::span(rest).subspan(at + 1, 1));
        if (!value) {
            return fail(Answer{.fault = std::move(value.error().sentence), .word = at + 1});
        }
        out.*option.value = std::move(value->value);
    }
    return out;
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

std::size_t words_of_subscriber_add(const Arguments& rest) {
    std::size_t count = 1;
    while (count < rest.size() && option_of(rest[count]) != nullptr) {
        count += 2;
    }
    return count;
}

std::vector<model::Suggestion> after_subscriber_add(const Desk& desk, const Arguments& given) {
    (void)desk;
    if (given.empty()) {
        return {{"USER@DOMAIN", "the address-of-record", false}};
    }
    if (given.size() % 2 == 0) {
        return {{"WORD", "", false}};
    }
    std::vector<model::Suggestion> out;
    for (const Option& each : known_options) {
        const bool is_given = std::ranges::any_of(
            given, [&each](const std::string& word) { return option_of(word) == &each; });
        if (!is_given) {
            out.push_back({std::string(each.word), node_of(each).help, true});
        }
    }
    out.push_back(model::end_of_line);
    return out;
}

Answer add_subscriber(Desk& desk, const Arguments& rest) {
    const auto name = name_of(desk, rest);
    if (!name) {
        return name.error();
    }
    const auto options = options_of(rest);
    if (!options) {
        return options.error();
    }
    if (const Done may = desk.subscribers->may_add(*name); !may) {
        return refused(may);
    }
    desk.password.ask(*name, [&desk, name = *name, options = *options](const Secret& password) {
        if (const Done done = desk.subscribers->add(name, options, password); !done) {
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
