// The only place that asks what time it is.
#pragma once

#include <functional>

#include "base/time.h"

namespace ringwall::net {

// A parameter, so that tests bring their own.
using Clock = std::function<Now()>;

Now system_clock();

}  // namespace ringwall::net
