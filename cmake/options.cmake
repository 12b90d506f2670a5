# Compiler settings for everything that is ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(RINGWALL_TESTS "Build the tests" ON)
set(RINGWALL_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(RINGWALL_CCACHE ccache)
if(RINGWALL_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${RINGWALL_CCACHE})
endif()

# Half of what building the tests takes is reading the same headers. With ccache they are not read
# anyway, and it knows a precompiled header by its octets, which no other checkout has.
option(RINGWALL_PRECOMPILED "Precompile the headers of the tests" ON)
if(RINGWALL_CCACHE)
    set(RINGWALL_PRECOMPILED OFF)
endif()

add_library(ringwall_options INTERFACE)
target_compile_options(ringwall_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wnon-virtual-dtor
    -Wold-style-cast -Werror -fstack-protector-strong)
target_compile_definitions(ringwall_options INTERFACE _GLIBCXX_ASSERTIONS)
# What is shipped: checked in the built programs by tools/check_hardening (docs/decisions/0081).
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT RINGWALL_SANITIZE)
    target_compile_options(ringwall_options INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fcf-protection=full)
    target_link_options(ringwall_options INTERFACE -Wl,-z,noexecstack)
endif()
include(CheckPIESupported)
check_pie_supported()
target_link_options(ringwall_options INTERFACE -Wl,-z,relro,-z,now)
# What is linked to be tried, and often.
find_program(RINGWALL_MOLD mold)
if(RINGWALL_MOLD AND CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_link_options(ringwall_options INTERFACE -fuse-ld=mold)
endif()
if(RINGWALL_SANITIZE)
    target_compile_options(ringwall_options INTERFACE
        -fsanitize=${RINGWALL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(ringwall_options INTERFACE -fsanitize=${RINGWALL_SANITIZE})
endif()
