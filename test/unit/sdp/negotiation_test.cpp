#include "sdp/negotiation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace ringwall::sdp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

LocalAudio alice() {
    LocalAudio local;
    local.rtp = {IpAddress::v4(192, 0, 2, 1), 16384};
    local.codecs = {AudioCodec::Pcmu, AudioCodec::Pcma, AudioCodec::G722, AudioCodec::Opus};
    local.srtp = SrtpPolicy::PlainOnly;
    return local;
}
LocalAudio bob() {
    LocalAudio local = alice();
    local.rtp = {IpAddress::v4(198, 51, 100, 2), 20000};
    return local;
}
LocalAudio with(LocalAudio local, SrtpPolicy policy) {
    local.srtp = policy;
    return local;
}
LocalAudio with(LocalAudio local, Direction direction) {
    local.direction = direction;
    return local;
}

SessionDescription read(std::string_view text) {
    auto session = SessionDescription::parse(text);
    EXPECT_TRUE(session) << text;
    return *session;
}

// A description of one's own: the head, and these lines.
std::string described(std::initializer_list<std::string_view> lines) {
    std::string out =
        "v=0\r\no=bob 1 1 IN IP4 198.51.100.2\r\ns=\r\nc=IN IP4 198.51.100.2\r\nt=0 0\r\n";
    for (const std::string_view line : lines) {
        out.append(line).append("\r\n");
    }
    return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what << " in " << text;
    return text.replace(at, what.size(), with);
}

std::vector<std::string> lines_of(std::string_view text, std::string_view start) {
    std::vector<std::string> out;
    const SessionDescription session = read(text);
    for (const Line& line : session.lines()) {
        const std::string_view whole = line.raw.substr(0, line.raw.size() - 2);
        if (whole.starts_with(start)) {
            out.emplace_back(whole);
        }
    }
    return out;
}

class Negotiating : public ::testing::Test {
protected:
    std::string fault_of_answer(std::string_view offer, const LocalAudio& local) {
        Negotiation fresh(random);
        const auto answer = fresh.answer(read(offer), local, random);
        return answer ? "accepted" : std::string(to_string(answer.error()));
    }
    // What is made of the answer to an offer of `local`.
    std::string fault_of(const LocalAudio& local, std::initializer_list<std::string_view> lines) {
        Negotiation fresh(random);
        fresh.offer(local, random);
        const auto stream = fresh.judge(read(described(lines)));
        return stream ? "accepted" : std::string(to_string(stream.error()));
    }

    SeededRandom random{7};
    Negotiation a{random};
    Negotiation b{random};
};

TEST_F(Negotiating, AnOfferNamesAllThatWeCan) {
    const std::string text = a.offer(alice(), random);
    EXPECT_THAT(text, HasSubstr("c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                                "m=audio 16384 RTP/AVP 0 8 9 96 101\r\n"
                                "a=rtpmap:0 PCMU/8000\r\n"
                                "a=rtpmap:8 PCMA/8000\r\n"
                                "a=rtpmap:9 G722/8000\r\n"
                                "a=rtpmap:96 opus/48000/2\r\n"
                                "a=fmtp:96 useinbandfec=1\r\n"
                                "a=rtpmap:101 telephone-event/8000\r\n"
                                "a=fmtp:101 0-15\r\n"
                                "a=ptime:20\r\n"
                                "a=rtcp:16385\r\n"
                                "a=sendrecv\r\n"));
    EXPECT_THAT(text, Not(HasSubstr("crypto")));
}

TEST_F(Negotiating, TheNumberOfOpusIsNotThatOfEvents) {
    LocalAudio local = alice();
    local.event_payload_type = 96;
    EXPECT_THAT(a.offer(local, random), HasSubstr("m=audio 16384 RTP/AVP 0 8 9 97 96\r\n"));
}

TEST_F(Negotiating, BothEndsAgree) {
    const std::string offer = a.offer(alice(), random);
    const auto answer = b.answer(read(offer), bob(), random);
    ASSERT_TRUE(answer);
    const auto stream = a.judge(read(answer->text));
    ASSERT_TRUE(stream) << to_string(stream.error());
    EXPECT_EQ(stream->remote.to_string(), "198.51.100.2:20000");
    EXPECT_EQ(stream->remote_rtcp->to_string(), "198.51.100.2:20001");
    EXPECT_EQ(answer->stream.remote.to_string(), "192.0.2.1:16384");
    for (const AudioStream& each : {*stream, answer->stream}) {
        EXPECT_EQ(each.codec, AudioCodec::Pcmu);
        EXPECT_EQ(each.payload_type, 0);
        EXPECT_THAT(each.receive, ElementsAre(AudioStream::Receive{0, AudioCodec::Pcmu}));
        EXPECT_EQ(each.event_to_send, 101);
        EXPECT_EQ(each.event_to_receive, 101);
        EXPECT_EQ(each.direction, Direction::SendRecv);
        EXPECT_EQ(each.packet_time, 20ms);
        EXPECT_FALSE(each.is_held || each.send_key || each.receive_key);
    }
}

// RFC 3264 §10.1, with addresses for names: two video streams that we do not have.
TEST_F(Negotiating, OtherMediaIsRefusedInItsPlace) {
    const std::string offer =
        "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.7\r\ns=\r\nc=IN IP4 192.0.2.7\r\n"
        "t=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        "m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
        "m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n";
    const auto answer = b.answer(read(offer), bob(), random);
    ASSERT_TRUE(answer);
    EXPECT_THAT(
        lines_of(answer->text, "m="),
        ElementsAre("m=audio 20000 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32"));
    // RFC 3264 §8: they stay where they are in an offer of ours.
    EXPECT_THAT(lines_of(b.offer(bob(), random), "m="),
                ElementsAre("m=audio 20000 RTP/AVP 0 8 9 96 101", "m=video 0 RTP/AVP 31",
                            "m=video 0 RTP/AVP 32"));
}

// RFC 3264 §10.2: one of N codecs. Of what the answer lists the first is sent.
TEST_F(Negotiating, TheFirstCodecOfTheAnswerIsSent) {
    LocalAudio local = alice();
    local.codecs = {AudioCodec::Pcmu, AudioCodec::G722};
    a.offer(local, random);
    const auto stream = a.judge(read(described({"m=audio 49172 RTP/AVP 9 0"})));
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->codec, AudioCodec::G722);
    EXPECT_THAT(stream->receive, ElementsAre(AudioStream::Receive{9, AudioCodec::G722},
                                             AudioStream::Receive{0, AudioCodec::Pcmu}));
    EXPECT_FALSE(stream->event_to_send);
}

// RFC 4317 §2.1: audio with a codec that we have not, and video.
TEST_F(Negotiating, UnknownCodecsArePassedOver) {
    const std::string offer =
        described({"m=audio 49170 RTP/AVP 97 8 0", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
                   "a=rtpmap:97 iLBC/8000", "m=video 51372 RTP/AVP 31 32", "a=rtpmap:31 H261/90000",
                   "a=rtpmap:32 MPV/90000"});
    const auto answer = b.answer(read(offer), bob(), random);
    ASSERT_TRUE(answer);
    EXPECT_THAT(lines_of(answer->text, "m="),
                ElementsAre("m=audio 20000 RTP/AVP 0", "m=video 0 RTP/AVP 31 32"));

    LocalAudio theirs = bob();
    theirs.order = LocalAudio::Order::Theirs;
    theirs.answer_with = LocalAudio::AnswerWith::AllCodecs;
    const auto all = Negotiation(random).answer(read(offer), theirs, random);
    ASSERT_TRUE(all);
    EXPECT_THAT(lines_of(all->text, "m="),
                ElementsAre("m=audio 20000 RTP/AVP 8 0", "m=video 0 RTP/AVP 31 32"));
}

// RFC 4317 §2.4: of two audio streams the first is ours; the one with events is refused.
TEST_F(Negotiating, TheFirstAcceptableAudioIsTaken) {
    const std::string two = described(
        {"m=audio 49170 RTP/AVP 97", "a=rtpmap:97 iLBC/8000", "m=audio 49172 RTP/AVP 0 98",
         "a=rtpmap:98 telephone-event/8000", "m=audio 49174 RTP/AVP 0"});
    const auto answer = b.answer(read(two), bob(), random);
    ASSERT_TRUE(answer);
    EXPECT_THAT(
        lines_of(answer->text, "m="),
        ElementsAre("m=audio 0 RTP/AVP 97", "m=audio 20000 RTP/AVP 0 98", "m=audio 0 RTP/AVP 0"));
    EXPECT_EQ(answer->stream.remote.port, 49172);
    EXPECT_EQ(answer->stream.event_to_send, 98);
}

// Whoever offers both is not answered in the clear, whatever stands first; broken keys are none.
TEST_F(Negotiating, AStreamWithKeysGoesBeforeOneInTheClear) {
    const std::string key =
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    LocalAudio local = bob();
    local.srtp = SrtpPolicy::Optional;
    const auto secure =
        b.answer(read(described({"m=audio 49170 RTP/AVP 0", "m=audio 49172 RTP/SAVP 0", key})),
                 local, random);
    ASSERT_TRUE(secure);
    EXPECT_THAT(lines_of(secure->text, "m="),
                ElementsAre("m=audio 0 RTP/AVP 0", "m=audio 20000 RTP/SAVP 0"));
    EXPECT_TRUE(secure->stream.send_key);
    const auto plain = Negotiation(random).answer(
        read(described({"m=audio 49170 RTP/AVP 0", "m=audio 49172 RTP/SAVP 0",
                        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAA"})),
        local, random);
    ASSERT_TRUE(plain);
    EXPECT_THAT(lines_of(plain->text, "m="),
                ElementsAre("m=audio 20000 RTP/AVP 0", "m=audio 0 RTP/SAVP 0"));
}

// RFC 4317 §3.2, RFC 3264 §8.4: hold and its end.
TEST_F(Negotiating, HoldsAndResumes) {
    ASSERT_TRUE(a.judge(read(b.answer(read(a.offer(alice(), random)), bob(), random)->text)));

    const std::string hold = a.offer(with(alice(), Direction::SendOnly), random);
    const auto held = b.answer(read(hold), bob(), random);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->stream.direction, Direction::RecvOnly);
    EXPECT_TRUE(held->stream.is_held);
    EXPECT_THAT(held->text, HasSubstr("a=recvonly\r\n"));
    const auto holding = a.judge(read(held->text));
    ASSERT_TRUE(holding);
    EXPECT_EQ(holding->direction, Direction::SendOnly);
    EXPECT_FALSE(holding->is_held);

    const auto both = b.answer(read(hold), with(bob(), Direction::SendOnly), random);
    EXPECT_EQ(both->stream.direction, Direction::Inactive) << "both hold";

    const auto resumed = b.answer(read(a.offer(alice(), random)), bob(), random);
    EXPECT_EQ(resumed->stream.direction, Direction::SendRecv);
    EXPECT_EQ(a.judge(read(resumed->text))->direction, Direction::SendRecv);
}

// RFC 3264 §8.4: 0.0.0.0 is hold as older phones do it.
TEST_F(Negotiating, NoAddressIsHold) {
    const std::string offer = replaced(described({"m=audio 49170 RTP/AVP 0"}),
                                       "c=IN IP4 198.51.100.2", "c=IN IP4 0.0.0.0");
    const auto answer = b.answer(read(offer), bob(), random);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->stream.is_held);
    EXPECT_EQ(answer->stream.direction, Direction::RecvOnly);
}

TEST_F(Negotiating, TheStreamsOwnAddressCounts) {
    const auto stream =
        b.answer(read(described({"m=audio 49170 RTP/AVP 0", "c=IN IP4 203.0.113.9",
                                 "a=rtcp:53020 IN IP4 203.0.113.10", "a=ptime:30"})),
                 bob(), random);
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->stream.remote.to_string(), "203.0.113.9:49170");
    EXPECT_EQ(stream->stream.remote_rtcp->to_string(), "203.0.113.10:53020");
    EXPECT_EQ(stream->stream.packet_time, 30ms);
}

TEST_F(Negotiating, PacketTimesAreWhatTheCodecCan) {
    LocalAudio local = bob();
    local.packet_time = 30ms;
    const auto time_of = [&](std::initializer_list<std::string_view> lines) {
        return Negotiation(random)
            .answer(read(described(lines)), local, random)
            ->stream.packet_time;
    };
    const std::string_view opus = "m=audio 49170 RTP/AVP 111";
    const std::string_view rtpmap = "a=rtpmap:111 OPUS/48000/2";
    EXPECT_EQ(time_of({"m=audio 49170 RTP/AVP 0"}), 30ms);
    EXPECT_EQ(time_of({opus, rtpmap}), 20ms);
    EXPECT_EQ(time_of({opus, rtpmap, "a=ptime:60"}), 60ms);
    EXPECT_EQ(time_of({opus, rtpmap, "a=ptime:60", "a=maxptime:40"}), 20ms);
    EXPECT_EQ(time_of({"m=audio 49170 RTP/AVP 0", "a=maxptime:10"}), 10ms);
    EXPECT_EQ(time_of({"m=audio 49170 RTP/AVP 0", "a=ptime:0"}), 30ms);
    EXPECT_EQ(time_of({"m=audio 49170 RTP/AVP 0", "a=ptime:999999"}), 30ms);
}

// RFC 3264 §5.1: each direction has the numbers of who receives.
TEST_F(Negotiating, NumbersMayDifferBetweenDirections) {
    LocalAudio local = alice();
    local.codecs = {AudioCodec::Opus};
    a.offer(local, random);
    const auto stream =
        a.judge(read(described({"m=audio 49172 RTP/AVP 107 97", "a=rtpmap:107 opus/48000/2",
                                "a=rtpmap:97 telephone-event/8000"})));
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->payload_type, 107);
    EXPECT_THAT(stream->receive, ElementsAre(AudioStream::Receive{96, AudioCodec::Opus}));
    EXPECT_EQ(stream->event_to_send, 97);
    EXPECT_EQ(stream->event_to_receive, 101);
}

// RFC 3264 §8.3.2: a number keeps its codec for the session.
TEST_F(Negotiating, OffersKeepTheNumbersOfTheSession) {
    ASSERT_TRUE(
        b.answer(read(described({"m=audio 49172 RTP/AVP 101 96", "a=rtpmap:101 opus/48000/2",
                                 "a=rtpmap:96 telephone-event/8000"})),
                 bob(), random));
    EXPECT_THAT(b.offer(bob(), random), HasSubstr("m=audio 20000 RTP/AVP 0 8 9 101 96\r\n"));
}

// RFC 3264 §8: the version counts when the description changes, and only then.
TEST_F(Negotiating, TheVersionCountsChanges) {
    const auto origin = [&](const LocalAudio& local) {
        return lines_of(a.offer(local, random), "o=")[0];
    };
    const std::string first = origin(alice());
    EXPECT_THAT(first, HasSubstr(" 1 IN IP4 192.0.2.1"));
    EXPECT_EQ(origin(alice()), first);
    EXPECT_EQ(origin(with(alice(), Direction::SendOnly)), replaced(first, " 1 IN", " 2 IN"));
    EXPECT_EQ(origin(with(alice(), Direction::SendOnly)), replaced(first, " 1 IN", " 2 IN"));
    EXPECT_EQ(origin(alice()), replaced(first, " 1 IN", " 3 IN"));
}

TEST_F(Negotiating, SecureOffersHaveAKeyForEachSuite) {
    const std::string offer = a.offer(with(alice(), SrtpPolicy::Required), random);
    EXPECT_THAT(offer, HasSubstr("m=audio 16384 RTP/SAVP "));
    std::vector<CryptoSuite> suites;
    std::vector<std::string_view> keys;
    const SessionDescription session = read(offer);
    for (const Attribute& attribute : session.media()[0].attributes) {
        if (attribute.name == "crypto") {
            const auto crypto = parse_crypto_attribute(attribute.value);
            ASSERT_TRUE(crypto);
            suites.push_back(crypto->suite);
            EXPECT_EQ(crypto->tag, suites.size());
            keys.push_back(attribute.value.substr(attribute.value.find("inline:") + 7));
            EXPECT_EQ(keys.back().size() % 4, 0U) << "padded";
        }
    }
    EXPECT_THAT(suites, ::testing::ElementsAreArray(default_crypto_suites));
    std::ranges::sort(keys);
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end()) << "no key twice";
}

TEST_F(Negotiating, KeysCross) {
    const auto answer = b.answer(read(a.offer(with(alice(), SrtpPolicy::Required), random)),
                                 with(bob(), SrtpPolicy::Optional), random);
    ASSERT_TRUE(answer) << to_string(answer.error());
    EXPECT_THAT(answer->text, HasSubstr("m=audio 20000 RTP/SAVP 0 101\r\n"));
    EXPECT_EQ(lines_of(answer->text, "a=crypto:").size(), 1U);
    const auto stream = a.judge(read(answer->text));
    ASSERT_TRUE(stream) << to_string(stream.error());
    ASSERT_TRUE(stream->send_key && stream->receive_key);
    EXPECT_EQ(stream->send_key, answer->stream.receive_key);
    EXPECT_EQ(stream->receive_key, answer->stream.send_key);
    EXPECT_EQ(stream->send_key->suite, CryptoSuite::AeadAes256Gcm);
    EXPECT_TRUE(a.is_secure() && b.is_secure());
}

TEST_F(Negotiating, KeysStayUntilNewOnesAreAskedFor) {
    const LocalAudio local = with(alice(), SrtpPolicy::Required);
    const LocalAudio remote = with(bob(), SrtpPolicy::Required);
    const auto first = a.judge(read(b.answer(read(a.offer(local, random)), remote, random)->text));
    const auto held = a.judge(read(
        b.answer(read(a.offer(with(local, Direction::SendOnly), random)), remote, random)->text));
    ASSERT_TRUE(first && held);
    EXPECT_EQ(held->send_key, first->send_key);
    EXPECT_EQ(held->receive_key, first->receive_key);

    a.renew_keys();
    const auto renewed =
        a.judge(read(b.answer(read(a.offer(local, random)), remote, random)->text));
    ASSERT_TRUE(renewed);
    EXPECT_NE(renewed->send_key, first->send_key);
    EXPECT_EQ(renewed->receive_key, first->receive_key);

    b.renew_keys();
    const auto back = b.judge(read(a.answer(read(b.offer(remote, random)), local, random)->text));
    ASSERT_TRUE(back);
    EXPECT_NE(back->send_key, first->receive_key);
    EXPECT_EQ(back->receive_key, renewed->send_key);
}

TEST_F(Negotiating, OptionalSecurityIsAgreedInBothKinds) {
    const LocalAudio optional = with(alice(), SrtpPolicy::Optional);
    const std::string offer = a.offer(optional, random);
    EXPECT_THAT(offer, HasSubstr("m=audio 16384 RTP/AVP "));
    EXPECT_EQ(lines_of(offer, "a=crypto:").size(), default_crypto_suites.size());

    const auto secure = b.answer(read(offer), with(bob(), SrtpPolicy::Optional), random);
    ASSERT_TRUE(secure);
    EXPECT_TRUE(secure->stream.send_key) << "RTP/AVP with keys is SRTP";
    EXPECT_TRUE(Negotiation(a).judge(read(secure->text))->send_key);

    const auto plain = Negotiation(random).answer(read(offer), bob(), random);
    ASSERT_TRUE(plain);
    EXPECT_THAT(plain->text, Not(HasSubstr("crypto")));
    EXPECT_FALSE(Negotiation(a).judge(read(plain->text))->send_key);
}

TEST_F(Negotiating, WhatWasSecureStaysSecure) {
    const LocalAudio local = with(alice(), SrtpPolicy::Optional);
    const LocalAudio remote = with(bob(), SrtpPolicy::Optional);
    const auto first = a.judge(read(b.answer(read(a.offer(local, random)), remote, random)->text));
    ASSERT_TRUE(first && first->send_key);

    const auto plain = b.answer(read(described({"m=audio 49170 RTP/AVP 0"})), remote, random);
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error(), NegotiationFault::NotSecure);
    a.offer(with(alice(), SrtpPolicy::PlainOnly), random);
    const auto stripped = a.judge(read(described({"m=audio 49170 RTP/AVP 0"})));
    ASSERT_FALSE(stripped);
    EXPECT_EQ(stripped.error(), NegotiationFault::NotSecure);
    // And the keys are those of before.
    EXPECT_EQ(a.judge(read(b.answer(read(a.offer(local, random)), remote, random)->text))->send_key,
              first->send_key);
}

TEST_F(Negotiating, PoliciesRefuseTheOtherKind) {
    const std::string plain = described({"m=audio 49170 RTP/AVP 0"});
    const std::string secure = a.offer(with(alice(), SrtpPolicy::Required), random);
    EXPECT_EQ(fault_of_answer(plain, with(bob(), SrtpPolicy::Required)), "not-secure");
    EXPECT_EQ(fault_of_answer(secure, with(bob(), SrtpPolicy::PlainOnly)), "not-plain");
    EXPECT_EQ(fault_of_answer(plain, with(bob(), SrtpPolicy::Optional)), "accepted");
    EXPECT_EQ(fault_of_answer(secure, with(bob(), SrtpPolicy::Optional)), "accepted");
    EXPECT_EQ(
        fault_of_answer(described({"m=audio 49170 RTP/SAVP 0"}), with(bob(), SrtpPolicy::Optional)),
        "no-suite");
    EXPECT_EQ(fault_of(with(alice(), SrtpPolicy::Required), {"m=audio 49170 RTP/SAVP 0"}),
              "not-secure");
    EXPECT_EQ(fault_of(with(alice(), SrtpPolicy::Required), {"m=audio 49170 RTP/AVP 0"}),
              "not-secure");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/SAVP 0"}), "not-offered");
}

// The profile of the offer is echoed (RFC 3264 §6), feedback or not.
TEST_F(Negotiating, FeedbackProfilesAreEchoed) {
    const std::string key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const std::string offer =
        described({"m=audio 49170 RTP/SAVPF 0", "a=crypto:3 AES_CM_128_HMAC_SHA1_80 " + key,
                   "a=rtcp-mux", "a=ice-ufrag:8hhY", "a=fingerprint:sha-256 00", "a=mid:0"});
    const auto answer = b.answer(read(offer), with(bob(), SrtpPolicy::Required), random);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->text, HasSubstr("m=audio 20000 RTP/SAVPF 0\r\n"));
    EXPECT_THAT(answer->text, HasSubstr("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:"));
    EXPECT_THAT(answer->text, Not(HasSubstr("mux")));
    EXPECT_THAT(b.offer(bob(), random), HasSubstr("m=audio 20000 RTP/SAVPF "));
    EXPECT_EQ(fault_of_answer(replaced(offer, "RTP/SAVPF", "UDP/TLS/RTP/SAVPF"), bob()),
              "bad-profile");
}

// RFC 4568 §5.1.2: the first that we can use, and the stream is refused if there is none.
TEST_F(Negotiating, CryptoLinesThatAreBrokenOrUselessAreRefused) {
    const std::string key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const auto offered = [&](std::initializer_list<std::string> values) {
        std::string text = described({"m=audio 49170 RTP/SAVP 0"});
        for (const std::string& value : values) {
            text.append("a=crypto:").append(value).append("\r\n");
        }
        return fault_of_answer(text, with(bob(), SrtpPolicy::Optional));
    };
    const std::string suite = "AES_CM_128_HMAC_SHA1_80 ";
    const std::string good = "1 " + suite + key;
    EXPECT_EQ(offered({good}), "accepted");
    EXPECT_EQ(offered({good + "|2^20"}), "accepted");
    EXPECT_EQ(offered({good + " WSH=128 -future=1"}), "accepted");
    EXPECT_EQ(offered({"1 " + suite}), "bad-crypto") << "no key";
    EXPECT_EQ(offered({"1 " + suite + key + "AAAA"}), "bad-crypto") << "too long";
    EXPECT_EQ(offered({good, good}), "bad-crypto") << "tag twice";
    EXPECT_EQ(offered({"one " + suite + key}), "bad-crypto") << "not a number";
    EXPECT_EQ(offered({good + "|1:4"}), "no-suite") << "MKI";
    EXPECT_EQ(offered({good + " UNENCRYPTED_SRTP"}), "no-suite");
    EXPECT_EQ(offered({good + " UNAUTHENTICATED_SRTP"}), "no-suite");
    EXPECT_EQ(offered({good + " UNENCRYPTED_SRTCP"}), "no-suite");
    EXPECT_EQ(offered({good + " KDR=1"}), "no-suite");
    EXPECT_EQ(offered({"1 F8_128_HMAC_SHA1_80 " + key}), "no-suite");
    EXPECT_EQ(offered({"1 FUTURE_SUITE " + key, "2 " + suite + key + "|1:4", "9 " + suite + key}),
              "accepted");
}

// RFC 4568 §5.1.3, §7.1.3: what comes back must be one of what was offered.
TEST_F(Negotiating, AnAnswerThatWasNotOfferedIsAnError) {
    const LocalAudio secure = with(alice(), SrtpPolicy::Required);
    const std::string key = " inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const std::string media = "m=audio 49170 RTP/SAVP 0";
    const auto answered = [&](const std::string& value) {
        return fault_of(secure, {media, "a=crypto:" + value});
    };
    EXPECT_EQ(answered("3 AES_CM_128_HMAC_SHA1_80" + key), "accepted");
    EXPECT_EQ(answered("5 AES_CM_128_HMAC_SHA1_32" + key), "accepted");
    EXPECT_EQ(answered("1 AES_CM_128_HMAC_SHA1_80" + key), "not-offered") << "tag";
    EXPECT_EQ(answered("9 AES_CM_128_HMAC_SHA1_80" + key), "not-offered");
    EXPECT_EQ(answered("3 F8_128_HMAC_SHA1_80" + key), "not-offered") << "suite";
    EXPECT_EQ(answered("3 AES_CM_128_HMAC_SHA1_80"), "bad-crypto");
    EXPECT_EQ(answered("3 AES_CM_128_HMAC_SHA1_80" + key + "|1:4"), "no-suite");
    EXPECT_EQ(answered("3 AES_CM_128_HMAC_SHA1_80" + key + " UNENCRYPTED_SRTP"), "no-suite");
    EXPECT_EQ(fault_of(secure, {media, "a=crypto:3 AES_CM_128_HMAC_SHA1_80" + key,
                                "a=crypto:5 AES_CM_128_HMAC_SHA1_32" + key}),
              "not-offered")
        << "two";

    const auto mine = lines_of(a.offer(secure, random), "a=crypto:");
    const auto reflected = a.judge(read(described({media, mine[0]})));
    ASSERT_FALSE(reflected);
    EXPECT_EQ(reflected.error(), NegotiationFault::ReflectedKey);
}

TEST_F(Negotiating, NamesWhyThereIsNoStream) {
    EXPECT_EQ(fault_of(alice(), {"m=audio 0 RTP/AVP 0"}), "refused");
    EXPECT_EQ(fault_of(alice(), {}), "media-lines");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 0", "m=audio 49172 RTP/AVP 0"}),
              "media-lines");
    EXPECT_EQ(fault_of(alice(), {"m=video 49170 RTP/AVP 0"}), "media-lines");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 3"}), "no-codec");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 TCP/RTP/AVP 0"}), "bad-profile");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 0", "c=IN IP4 phone.example"}),
              "no-address");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 0", "c=IN IP6 2001:db8::1"}), "no-address");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 0", "c=IN IP4 224.2.1.1/127"}),
              "no-address");
    EXPECT_EQ(fault_of(alice(), {"m=audio 49170 RTP/AVP 0", "c=IN IP4 224.2.1.1"}), "no-address");
    EXPECT_EQ(fault_of_answer(described({"m=video 49170 RTP/AVP 31"}), bob()), "no-audio");
    EXPECT_EQ(fault_of_answer(described({"m=audio 0 RTP/AVP 0"}), bob()), "no-audio");
}

TEST_F(Negotiating, SpeaksOfIpv6) {
    LocalAudio local = alice();
    local.rtp.address = *IpAddress::parse("2001:db8::1");
    const std::string offer = a.offer(local, random);
    EXPECT_THAT(offer, HasSubstr("c=IN IP6 2001:db8::1\r\n"));
    EXPECT_EQ(b.answer(read(offer), local, random)->stream.remote.to_string(),
              "[2001:db8::1]:16384");
}

// An offer that is refused leaves all as it was.
TEST_F(Negotiating, RefusedOffersChangeNothing) {
    const LocalAudio secure = with(alice(), SrtpPolicy::Required);
    const auto first = a.judge(read(
        b.answer(read(a.offer(secure, random)), with(bob(), SrtpPolicy::Required), random)->text));
    ASSERT_TRUE(first);
    a.offer(with(secure, Direction::SendOnly), random);  // 491
    const auto theirs =
        a.answer(read(b.offer(with(bob(), SrtpPolicy::Required), random)), secure, random);
    ASSERT_TRUE(theirs);
    EXPECT_EQ(theirs->stream.send_key, first->send_key);
    EXPECT_EQ(theirs->stream.receive_key, first->receive_key);
}

}  // namespace
}  // namespace ringwall::sdp
