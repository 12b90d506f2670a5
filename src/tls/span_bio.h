// A BIO whose octets lie with the caller: it reads from a view and appends to a string that are
// given for the length of one call. So a TLS connection needs no buffers of its own when idle.
#pragma once

#include <string>
#include <string_view>

#include "tls/openssl.h"

namespace ringwall::tls {

struct Spans {
    std::string_view in;         // what is read is taken off its front
    std::string* out = nullptr;  // null: nothing may be written, and what is written is dropped
};

// `spans` must outlive the BIO.
BioPointer make_span_bio(Spans& spans);

}  // namespace ringwall::tls
