#include "sbc/record/call_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sbc/record/media_kind.h"
#include "sip/message_builder.h"

namespace ringwall::sbc {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

CallRecord record() {
    CallRecord out;
    out.call = "x1";
    out.caller = "sip:alice@example.com";
    out.callee = "sip:bob@example.com";
    out.from_adjacency = "phones";
    out.to_adjacency = "trunk";
    out.from_security = Security::TrustedEncrypted;
    out.to_security = Security::TrustedUnencrypted;
    out.is_secure = true;
    out.result = "answered";
    out.status = 200;
    out.reason = "caller hung up";
    out.start = WallTime(1'764'000'000'000ms);
    out.answer = out.start + 2500ms;
    out.end = out.start + 64'321ms;
    out.is_media_anchored = true;
    out.from_leg = {"alice@example.com", "sip", "TLS", "192.0.2.7:40001", "c1", "srtp"};
    out.to_leg = {"", "sip", "UDP", "198.51.100.7:5060", "c2", "rtp"};
    return out;
}

std::vector<std::string> names_of(const nlohmann::ordered_json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) {
        names.push_back(name);
    }
    return names;
}

TEST(CallRecord, IsWhatItsSchemaSays) {
    std::ifstream in(std::string(TEST_DATA) + "/../docs/call-record.schema.json");
    const auto schema = nlohmann::ordered_json::parse(in);
    const auto line = nlohmann::ordered_json::parse(to_json(record()));
    EXPECT_THAT(names_of(line), ElementsAreArray(names_of(schema["properties"])));
    EXPECT_EQ(schema["required"].size(), line.size());
    std::ifstream manual(std::string(TEST_DATA) + "/../docs/records.md");
    const std::string text(std::istreambuf_iterator<char>(manual), {});
    for (const std::string& name : names_of(line)) {
        EXPECT_THAT(text, HasSubstr("| `" + name + "` |"));
    }
}

TEST(CallRecord, SaysBothLegs) {
    const auto line = nlohmann::json::parse(to_json(record()));
    EXPECT_EQ(line["duration"], 61'821);
    EXPECT_EQ(line["media"], "anchored");
    EXPECT_EQ(line["from_identity"], "alice@example.com");
    EXPECT_EQ(line["from_media"], "srtp");
    EXPECT_TRUE(line["to_identity"].is_null());
    EXPECT_EQ(line["to_peer"], "198.51.100.7:5060");
    EXPECT_EQ(line["to_media"], "rtp");
    CallRecord refused = record();
    refused.answer.reset();
    EXPECT_TRUE(nlohmann::json::parse(to_json(refused))["duration"].is_null());
    EXPECT_TRUE(nlohmann::json::parse(to_json(refused))["media"].is_null());
}

TEST(CallRecord, WithCommasIsTheSameInTheSameOrder) {
    CallRecord said = record();
    said.reason = "a \"quote\", a comma\r\nand a line";
    said.callee = "sip:\xff@example.com";
    EXPECT_EQ(csv_header().substr(0, 47), "call,caller,callee,from_adjacency,to_adjacency,");
    const std::string line = to_csv(said);
    EXPECT_EQ(line.substr(0, 3), "x1,");
    EXPECT_THAT(line,
                HasSubstr(",answered,200,\"a \"\"quote\"\", a comma\r\nand a line\",,,2025-11-24"));
    EXPECT_THAT(line, HasSubstr("sip:\xef\xbf\xbd@example.com"));
    EXPECT_THAT(line,
                HasSubstr(",61821,anchored,alice@example.com,sip,TLS,192.0.2.7:40001,c1,srtp,,"
                          "sip,UDP,198.51.100.7:5060,c2,rtp"));
    const std::string plain = to_csv(record());
    const std::string header = csv_header();
    EXPECT_EQ(std::ranges::count(plain, ','), std::ranges::count(header, ','));
}

std::string_view kind(const std::string& body, const std::string& type = "application/sdp") {
    auto builder = sip::MessageBuilder::request("INVITE", "sip:bob@example.com");
    builder.header(sip::HeaderName::Via, "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1");
    builder.header(sip::HeaderName::From, "<sip:alice@example.com>;tag=1");
    builder.header(sip::HeaderName::To, "<sip:bob@example.com>");
    builder.header(sip::HeaderName::CallId, "c");
    builder.header(sip::HeaderName::CSeq, "1 INVITE");
    builder.body(type, body);
    return media_kind(*builder.build());
}

TEST(MediaKind, IsOfTheStreamsThatAreUsed) {
    const std::string head =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
    const std::string key =
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
        "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    EXPECT_EQ(kind(head + "m=audio 4000 RTP/AVP 0\r\n"), "rtp");
    EXPECT_EQ(kind(head + "m=audio 4000 RTP/SAVP 0\r\n" + key), "srtp");
    EXPECT_EQ(kind(head + "m=audio 4000 RTP/AVP 0\r\n" + key), "srtp");
    EXPECT_EQ(kind(head + "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n"), "dtls-srtp");
    EXPECT_EQ(kind(head + "a=fingerprint:sha-256 00\r\nm=audio 4000 RTP/AVP 0\r\n"), "dtls-srtp");
    EXPECT_EQ(kind(head + "m=image 4000 udptl t38\r\n"), "other");
    EXPECT_EQ(kind(head + "m=audio 0 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\n"), "rtp");
    EXPECT_EQ(kind(head + "m=audio 4000 RTP/SAVP 0\r\nm=video 4002 RTP/AVP 31\r\n"), "mixed");
    EXPECT_EQ(kind(head), "");
    EXPECT_EQ(kind("nonsense"), "");
    EXPECT_EQ(kind("hello", "text/plain"), "");
    EXPECT_EQ(kind("--b\r\nContent-Type: application/sdp\r\n\r\n" + head +
                       "m=audio 4000 RTP/SAVP 0\r\n\r\n--b--\r\n",
                   "multipart/mixed;boundary=b"),
              "srtp");
}

}  // namespace
}  // namespace ringwall::sbc
