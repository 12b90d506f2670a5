// How the media of a leg are protected, as far as its description says so. Pure.
#pragma once

#include <string_view>

#include "sip/message.h"

namespace ringwall::sbc {

// Of the description that `message` bears: "srtp" with keys in it (RFC 4568), "dtls-srtp" (RFC
// 5763), "rtp", "other" (T.38, MSRP), or "mixed" where its streams differ; streams that are refused
// do not count. Empty: it bears none, or none that can be read.
std::string_view media_kind(const sip::Message& message);

}  // namespace ringwall::sbc
