// What can be said to the phone's control, one row each: the server's routes, the commands of
// `ringwall phone` and the OpenAPI description (docs/phone-control.json) are drawn from here.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::phone::control {

struct Field {
    enum class Type : std::uint8_t { Text, Number, Numbers };
    enum class Need : std::uint8_t { Required, Optional };
    // On the command line: `transfer 1 203` or `transfer 1 --call 2`.
    enum class Place : std::uint8_t { Word, Option };

    std::string_view name;
    Type type = Type::Text;
    Need need = Need::Optional;
    Place place = Place::Option;
    std::string_view help;
    std::uint64_t least = 0, most = 0;  // Number
};

struct Operation {
    enum class Method : std::uint8_t { Get, Post };

    std::string_view name;  // of the command, and its operationId
    Method method = Method::Post;
    std::string_view path;  // "/calls/{call}/hold"
    std::string_view summary;
    std::vector<Field> fields = {};    // Get: of the query; Post: of the body, a JSON object
    std::string_view answer = "Done";  // a schema of the description; "stream": server-sent events
    bool has_call() const { return path.find("{call}") != std::string_view::npos; }
};

// Where a phone listens, unless it is told otherwise.
inline constexpr std::uint16_t default_port = 8201;
// A stream of events says something at least so often.
inline constexpr std::chrono::seconds stream_pause{15};

std::span<const Operation> operations();
const Operation* find_operation(std::string_view name);

// OpenAPI 3.0, as JSON.
std::string description();

}  // namespace ringwall::phone::control
