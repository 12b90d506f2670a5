// name-addr and lists of them: put together again from their parts they read the same, and a list
// has as many as the splitting of values finds.
#include "sip/header/name_addr.h"

#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "fuzz/views.h"
#include "sip/grammar.h"

namespace ringwall::fuzz {
namespace {

std::string written(const sip::NameAddr& value) {
    std::string text(value.display_name);
    return text.append("<").append(value.uri.text).append(">").append(value.parameters.text);
}

void check_one(const sip::NameAddr& value, std::string_view octets) {
    CHECK(is_within(value.text, octets) && is_within(value.display_name, value.text));
    CHECK(is_within(value.uri.text, value.text) && is_within(value.parameters.text, value.text));
    CHECK(!value.uri.text.empty());
    const std::string text = written(value);
    const auto again = sip::parse_name_addr(text);
    CHECK(again && again->display_name == value.display_name);
    CHECK(again->uri.text == value.uri.text && again->uri.scheme == value.uri.scheme);
    CHECK(again->parameters.text == value.parameters.text && again->tag() == value.tag());
}

}  // namespace

void run(std::string_view octets) {
    const auto one = sip::parse_name_addr(octets);
    if (one) {
        CHECK(one->text == octets);
        check_one(*one, octets);
    } else {
        CHECK(one.error().offset <= octets.size());
    }

    const auto list = sip::parse_name_addr_list(octets);
    if (!list) {
        return;
    }
    std::string_view rest = octets;
    std::string joined;
    for (const sip::NameAddr& value : *list) {
        CHECK(value.text == sip::grammar::next_value(rest));
        check_one(value, octets);
        joined.append(joined.empty() ? "" : ", ").append(written(value));
    }
    CHECK(rest.data() == nullptr);
    const auto again = sip::parse_name_addr_list(joined);
    CHECK(again && again->size() == list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
        CHECK((*again)[i].uri.text == (*list)[i].uri.text);
    }
}

}  // namespace ringwall::fuzz
