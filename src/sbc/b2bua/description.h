// Session descriptions in messages that pass from leg to leg: which message bears one, and whether
// an answer may pass.
#pragma once

#include "sbc/config/snapshot.h"
#include "sbc/policy/media_security.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

// An offer or an answer, on its own or among the parts of a multipart body.
bool bears_description(const sip::Message& message);

// What `response` from a leg on `from` says may pass to one on `to`, and answers what was offered.
policy::MediaVerdict judge_answer(const Adjacency& from, const Adjacency& to,
                                  const sip::Message& offer, const sip::Message& response);

}  // namespace ringwall::sbc::b2bua
