#include "sip/header/media_type.h"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::sip {
namespace {

TEST(MediaType, IsReadInEverySpelling) {
    for (const char* text : {"application/sdp", "Application/SDP", " application/sdp ",
                             "application / sdp", "application/\r\n sdp",
                             "application\t/\tsdp;charset=utf-8", "application/sdp ; a=\"b;c\"",
                             "application/sdp (x)", "application(x)/(y (z) \\) w)sdp(;)",
                             "(/) application/sdp;", "application/sdp (never closed"}) {
        const auto type = parse_media_type(text);
        ASSERT_TRUE(type) << text;
        EXPECT_TRUE(type->is("application", "sdp")) << text;
        EXPECT_TRUE(std::string_view(text).substr(0, type->end).ends_with(type->subtype)) << text;
    }
}

TEST(MediaType, IsNotReadFromWhatIsNone) {
    for (const char* text : {"", " ", "application", "application/", "/sdp", "application sdp",
                             "application/sdp x", "application/sdp, text/plain", "a/b/c", "(a/b)",
                             "\"application\"/sdp", "application/(sdp"}) {
        EXPECT_FALSE(parse_media_type(text)) << text;
        EXPECT_FALSE(is_media_type(text, "application", "sdp")) << text;
    }
}

TEST(MediaType, TellsOneFromAnother) {
    EXPECT_FALSE(is_media_type("application/sdpx", "application", "sdp"));
    EXPECT_FALSE(is_media_type("text/sdp", "application", "sdp"));
    EXPECT_TRUE(parse_media_type("Multipart / mixed;boundary=x")->is_multipart());
    EXPECT_TRUE(parse_media_type("message/sipfrag;version=2.0")->is_message());
    EXPECT_FALSE(parse_media_type("text/plain")->is_multipart());
}

}  // namespace
}  // namespace ringwall::sip
