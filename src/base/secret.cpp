#include "base/secret.h"

#include <cstring>

namespace ringwall {

Secret::~Secret() {
    explicit_bzero(value_.data(), value_.size());
}

}  // namespace ringwall
