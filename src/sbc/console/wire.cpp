#include "sbc/console/wire.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace ringwall::sbc::console {

using nlohmann::json;

namespace {

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// Null where it is no JSON, or deeper than anything that is said here: what has a thousand brackets
// is taken apart by calls within calls, and the stack has an end.
json parse(std::string_view line) {
    constexpr int deepest = 3;  // a member of one of a list of objects
    bool is_deep = false;
    const auto look = [&](int depth, json::parse_event_t, json&) {
        is_deep = is_deep || depth > deepest;
        return !is_deep;
    };
    json value = json::parse(line, look, false);
    return !is_deep && value.is_object() ? std::move(value) : json();
}

std::optional<std::string> text(const json& object, const char* name) {
    const auto found = object.find(name);
    const bool is_text = found != object.end() && found->is_string();
    return is_text ? std::optional(found->get<std::string>()) : std::nullopt;
}

std::optional<bool> flag(const json& object, const char* name) {
    const auto found = object.find(name);
    const bool is_flag = found != object.end() && found->is_boolean();
    return is_flag ? std::optional(found->get<bool>()) : std::nullopt;
}

std::string harmless(std::string_view text) {
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view one = cut_character(rest);
        out.append(one == "\n" || one == "\t" || is_printable(one) ? one : "?");
    }
    return out;
}

}  // namespace

std::string to_wire(const Request& request) {
    json object;
    object[request.kind == Request::Kind::Line ? "line" : "suggest"] = request.text;
    return dump(object);
}

std::string to_wire(const Reply& reply) {
    return dump({{"output", harmless(reply.output)},
                 {"prompt", harmless(reply.prompt)},
                 {"fault_at", reply.fault_at ? json(*reply.fault_at) : json()},
                 {"failed", reply.failed},
                 {"ended", reply.ended},
                 {"asks", reply.asks},
                 {"asks_secret", reply.asks_secret},
                 {"pending", reply.pending},
                 {"memorable", reply.is_memorable}});
}

std::string to_wire(const Notice& notice) {
    return dump({{"notice", harmless(notice.text)}, {"ended", notice.ended}});
}

std::string to_wire(const std::vector<model::Suggestion>& suggestions) {
    json list = json::array();
    for (const model::Suggestion& each : suggestions) {
        list.push_back({{"word", harmless(each.word)},
                        {"help", harmless(each.help)},
                        {"literal", each.is_literal}});
    }
    json object;
    object["suggestions"] = std::move(list);
    return dump(object);
}

std::optional<Request> parse_request(std::string_view line) {
    const json object = parse(line);
    if (object.size() != 1) {
        return std::nullopt;
    }
    if (auto said = text(object, "line")) {
        return Request{Request::Kind::Line, std::move(*said)};
    }
    if (auto begun = text(object, "suggest")) {
        return Request{Request::Kind::Suggest, std::move(*begun)};
    }
    return std::nullopt;
}

std::optional<Reply> parse_reply(std::string_view line) {
    const json object = parse(line);
    auto output = text(object, "output");
    const auto fault_at = object.find("fault_at");
    auto prompt = text(object, "prompt");
    const auto failed = flag(object, "failed");
    const auto ended = flag(object, "ended");
    const auto asks = flag(object, "asks");
    const auto asks_secret = flag(object, "asks_secret");
    const auto pending = flag(object, "pending");
    const auto memorable = flag(object, "memorable");
    const bool is_whole = output && prompt && failed && ended && asks && asks_secret && pending &&
                          memorable && fault_at != object.end() &&
                          (fault_at->is_null() || fault_at->is_number_unsigned());
    if (!is_whole) {
        return std::nullopt;
    }
    return Reply{.output = std::move(*output),
                 .prompt = std::move(*prompt),
                 .failed = *failed,
                 .ended = *ended,
                 .asks = *asks,
                 .asks_secret = *asks_secret,
                 .pending = *pending,
                 .fault_at = fault_at->is_null() ? std::nullopt
                                                 : std::optional(fault_at->get<std::size_t>()),
                 .is_memorable = *memorable};
}

std::optional<Notice> parse_notice(std::string_view line) {
    const json object = parse(line);
    auto said = text(object, "notice");
    const auto ended = flag(object, "ended");
    return said && ended ? std::optional(Notice{std::move(*said), *ended}) : std::nullopt;
}

std::optional<std::vector<model::Suggestion>> parse_suggestions(std::string_view line) {
    const json object = parse(line);
    const auto list = object.find("suggestions");
    if (list == object.end() || !list->is_array()) {
        return std::nullopt;
    }
    std::vector<model::Suggestion> out;
    for (const json& each : *list) {
        auto word = text(each, "word");
        auto help = text(each, "help");
        const auto is_literal = flag(each, "literal");
        if (!word || !help || !is_literal) {
            return std::nullopt;
        }
        out.push_back({std::move(*word), std::move(*help), *is_literal});
    }
    return out;
}

std::optional<std::string> take_line(std::string& received) {
    const std::size_t end = received.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::string line = received.substr(0, end);
    received.erase(0, end + 1);
    return line;
}

}  // namespace ringwall::sbc::console
