# A layer: the folder src/NAME as a static library ringwall_NAME.
function(layer name)
    cmake_parse_arguments(ARG "PURE" "" "USES;LIBRARIES;PRIVATE" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
         ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
    list(TRANSFORM ARG_USES PREPEND ringwall_)
    if(sources)
        add_library(ringwall_${name} STATIC ${sources})
        target_include_directories(ringwall_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
        target_link_libraries(ringwall_${name}
            PUBLIC ${ARG_USES} ${ARG_LIBRARIES} PRIVATE ringwall_options ${ARG_PRIVATE} Threads::Threads)
    else()
        add_library(ringwall_${name} INTERFACE)
        target_include_directories(ringwall_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
        target_link_libraries(ringwall_${name} INTERFACE ${ARG_USES} ${ARG_LIBRARIES})
    endif()
endfunction()
