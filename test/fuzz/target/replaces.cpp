// Replaces and Target-Dialog: what is written of what was read names the same dialog, also when it
// has been put into the headers of a URI and taken out again.
#include "sip/header/replaces.h"

#include "base/check.h"
#include "fuzz/target.h"
#include "sip/uri/uri.h"

namespace ringwall::fuzz {
namespace {

bool is_same(const sip::DialogIds& a, const sip::DialogIds& b) {
    return a.call_id == b.call_id && a.to_tag == b.to_tag && a.from_tag == b.from_tag;
}

}  // namespace

void run(std::string_view octets) {
    if (const auto ids = sip::parse_replaces(octets)) {
        CHECK(!ids->call_id.empty() && !ids->to_tag.empty() && !ids->from_tag.empty());
        const std::string text = sip::replaces_value(*ids);
        const auto again = sip::parse_replaces(text);
        CHECK(again && is_same(*again, *ids) && again->early_only == ids->early_only);

        const std::string headers = sip::with_uri_header("Replaces=x&a=b", "Replaces", text);
        const std::string whole = "sip:a@b?" + headers;
        CHECK(whole.size() > 4096 || sip::parse_uri(whole));
        const auto carried = sip::parse_replaces(sip::uri_header(headers, "replaces"));
        CHECK(carried && is_same(*carried, *ids));
    }
    if (const auto ids = sip::parse_target_dialog(octets)) {
        const auto again = sip::parse_target_dialog(sip::target_dialog_value(*ids));
        CHECK(again && is_same(*again, *ids));
    }
}

}  // namespace ringwall::fuzz
