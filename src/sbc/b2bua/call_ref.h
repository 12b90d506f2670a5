// Names a usage of the B2BUA: a call, a subscription, a request that passes.
#pragma once

#include "base/id.h"

namespace ringwall::sbc::b2bua {

using CallRef = Id<struct CallTag>;

}  // namespace ringwall::sbc::b2bua
