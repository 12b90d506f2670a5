// Whether peers take our own certificate for what it is shown as. By the same rules as a peer's
// (RFC 5924 §4), without what only they know: their trust anchors.
#pragma once

#include "tls/context.h"

namespace ringwall::tls {

// The key usage and the extended key usage of its certificate, and the extended key usage of the
// authorities that are shown with it, allow the context's role.
bool is_fit_for_role(const Context& own);

}  // namespace ringwall::tls
