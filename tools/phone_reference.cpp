// phone_reference parameters|control               writes docs/phone-parameters.md, or
//                                                  docs/phone-control.json, to standard output
// phone_reference parameters|control --check FILE  says whether FILE is that
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "phone/control/api.h"
#include "phone/parameters/reference.h"

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    const std::string_view what = arguments.size() < 2 ? "" : arguments[1];
    const bool checks = arguments.size() == 4 && std::string_view(arguments[2]) == "--check";
    if ((what != "parameters" && what != "control") || (arguments.size() != 2 && !checks)) {
        std::cerr << "phone_reference parameters|control [--check FILE]\n";
        return 64;
    }
    const std::string current =
        what == "control" ? ringwall::phone::control::description() : ringwall::phone::reference();
    if (!checks) {
        std::cout << current;
        return 0;
    }
    std::ifstream file(arguments[3]);
    if (std::string(std::istreambuf_iterator<char>(file), {}) == current) {
        return 0;
    }
    std::cerr << arguments[3] << " is not what the table says; make it again by\n    "
              << arguments[0] << " " << what << " > " << arguments[3] << "\n";
    return 1;
}
