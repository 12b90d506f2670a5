// phone_reference               writes docs/phone-parameters.md to standard output
// phone_reference --check FILE  says whether FILE is that
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "phone/parameters/reference.h"

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    const std::string current = ringwall::phone::reference();
    if (arguments.size() == 1) {
        std::cout << current;
        return 0;
    }
    if (arguments.size() != 3 || std::string_view(arguments[1]) != "--check") {
        std::cerr << "phone_reference [--check FILE]\n";
        return 64;
    }
    std::ifstream file(arguments[2]);
    if (std::string(std::istreambuf_iterator<char>(file), {}) == current) {
        return 0;
    }
    std::cerr << arguments[2] << " is not what the catalogue says; make it again by\n    "
              << arguments[0] << " > " << arguments[2] << "\n";
    return 1;
}
