// Result<T, E>: a value or the reason why there is none. Nothing of ours throws.
#pragma once

#include <tl/expected.hpp>
#include <utility>

namespace ringwall {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
[[nodiscard]] auto fail(E&& error) {
    return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace ringwall

// The value of a Result, or return its error from the enclosing function.
#define TRY(expression)                                                          \
    __extension__({                                                              \
        auto&& try_result_ = (expression);                                       \
        if (!try_result_) {                                                      \
            return ::tl::unexpected(std::forward<decltype(try_result_)>(try_result_).error()); \
        }                                                                        \
        std::forward<decltype(try_result_)>(try_result_).value();                \
    })
