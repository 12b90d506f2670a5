// reference parameters|control|configuration               writes docs/phone-parameters.md,
//                                                          docs/phone-control.json or
//                                                          docs/configuration.md to standard output
// reference parameters|control|configuration --check FILE  says whether FILE is that
#include "phone/parameters/reference.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "phone/control/api.h"
#include "sbc/model/reference.h"

namespace {

struct Reference {
    std::string_view name;
    std::string (*text)();
};
constexpr std::array references{Reference{"parameters", ringwall::phone::reference},
                                Reference{"control", ringwall::phone::control::description},
                                Reference{"configuration", ringwall::sbc::model::reference}};

}  // namespace

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    const std::string_view what = arguments.size() < 2 ? "" : arguments[1];
    const auto found = std::ranges::find(references, what, &Reference::name);
    const bool checks = arguments.size() == 4 && std::string_view(arguments[2]) == "--check";
    if (found == references.end() || (arguments.size() != 2 && !checks)) {
        std::cerr << "reference parameters|control|configuration [--check FILE]\n";
        return 64;
    }
    const std::string current = found->text();
    if (!checks) {
        std::cout << current;
        return 0;
    }
    std::ifstream file(arguments[3]);
    if (std::string(std::istreambuf_iterator<char>(file), {}) == current) {
        return 0;
    }
    std::cerr << arguments[3] << " is not what the program says; make it again by\n    "
              << arguments[0] << " " << what << " > " << arguments[3] << "\n";
    return 1;
}
