// Result<T, E>: a value or the reason why there is none. Nothing of ours throws.
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace ringwall {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
[[nodiscard]] auto fail(E&& error) {
    return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

// What TRY gives: the value, or nothing of a Result<void, E>.
template <class R>
decltype(auto) value_of(R&& result) {
    if constexpr (!std::is_void_v<typename std::decay_t<R>::value_type>) {
        return std::forward<R>(result).value();
    }
}

}  // namespace ringwall

// The value of a Result, or return its error from the enclosing function.
#define TRY(expression)                                                                        \
    __extension__({                                                                            \
        auto&& try_result_ = (expression);                                                     \
        if (!try_result_) {                                                                    \
            return ::tl::unexpected(std::forward<decltype(try_result_)>(try_result_).error()); \
        }                                                                                      \
        ::ringwall::value_of(std::forward<decltype(try_result_)>(try_result_));                \
    })
