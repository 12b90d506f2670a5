# yang/*.yang as text within the program: sbc/model/yang_text.h says how.
set(yang_text ${CMAKE_BINARY_DIR}/generated/yang_text.cpp)
file(GLOB yang_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/yang/*.yang)
add_custom_command(
    OUTPUT ${yang_text}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${yang_text} "-DFILES=${yang_files}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${yang_files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
target_sources(ringwall_sbc PRIVATE ${yang_text})
