# Libraries of the phone's media. SpanDSP is linked statically: of its shared library's 20 others
# (TIFF, JPEG, WebP) a codec and the concealment of loss need none.
find_library(SPANDSP_ARCHIVE libspandsp.a REQUIRED)
add_library(spandsp INTERFACE)
target_link_libraries(spandsp INTERFACE ${SPANDSP_ARCHIVE} m)
