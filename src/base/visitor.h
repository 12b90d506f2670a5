// std::visit with a lambda for each alternative.
#pragma once

namespace ringwall {

template <class... Ts>
struct Visitor : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
Visitor(Ts...) -> Visitor<Ts...>;

}  // namespace ringwall
