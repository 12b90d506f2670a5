#include "sbc/policy/media_security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace ringwall::sbc::policy {
namespace {

constexpr std::string_view key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

std::string crypto(const std::string& tag = "1",
                   const std::string& suite = "AES_CM_128_HMAC_SHA1_80",
                   const std::string& parameters = "") {
    return "a=crypto:" + tag + " " + suite + " " + std::string(key) + parameters + "\r\n";
}

std::string stream(const std::string& protocol, const std::string& attributes = "",
                   int port = 4000) {
    return "m=audio " + std::to_string(port) + " " + protocol + " 0\r\n" + attributes +
           "a=ptime:20\r\n";
}

std::string sdp(const std::string& streams, const std::string& session = "") {
    return "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + session +
           streams;
}

const std::string plain = sdp(stream("RTP/AVP"));
const std::string avp_crypto = sdp(stream("RTP/AVP", crypto()));
const std::string savp = sdp(stream("RTP/SAVP", crypto()));
const std::string dtls = sdp(stream("UDP/TLS/RTP/SAVPF", "a=fingerprint:sha-256 AA\r\n"));

constexpr MediaLeg untrusted{Security::Untrusted, MediaSecurity::Off};
constexpr MediaLeg untrusted_preferred{Security::Untrusted, MediaSecurity::Preferred};
constexpr MediaLeg plain_core{Security::TrustedUnencrypted, MediaSecurity::Off};
constexpr MediaLeg core{Security::TrustedUnencrypted, MediaSecurity::Preferred};
constexpr MediaLeg phones{Security::TrustedEncrypted, MediaSecurity::Preferred};
constexpr MediaLeg strict{Security::TrustedEncrypted, MediaSecurity::Required};

// "pass", "removed" or the refusal.
std::string judge(const MediaLeg& from, const MediaLeg& to, const std::string& body) {
    const MediaVerdict verdict = judge_media(from, to, "application/sdp", body);
    if (verdict.refusal) {
        EXPECT_FALSE(verdict.body);
        return std::string(to_string(*verdict.refusal));
    }
    return verdict.body ? "removed" : "pass";
}

struct Row {
    const char* sentence;
    MediaLeg from;
    MediaLeg to;
    const std::string* body;
    const char* verdict;
};

// `media-security` and where SDES keys may be. One sentence a row.
TEST(MediaSecurity, IsJudgedByTheTable) {
    const std::array rows{
        Row{"plain passes between legs that do not ask", phones, untrusted, &plain, "pass"},
        Row{"plain passes between legs that prefer SRTP", phones, core, &plain, "pass"},
        Row{"plain from a leg that requires SRTP", strict, core, &plain, "not-secure"},
        Row{"plain towards a leg that requires SRTP", core, strict, &plain, "not-secure"},
        Row{"plain from outside towards one that requires", untrusted, strict, &plain,
            "not-secure"},

        Row{"SAVP passes between trusted legs", phones, core, &savp, "pass"},
        Row{"SAVP passes on legs that require it", strict, strict, &savp, "pass"},
        Row{"SAVP towards an untrusted leg would show keys", phones, untrusted, &savp,
            "keys-on-untrusted"},
        Row{"even where it prefers SRTP", phones, untrusted_preferred, &savp, "keys-on-untrusted"},
        Row{"and even from a leg that requires it", strict, untrusted, &savp, "keys-on-untrusted"},
        Row{"SAVP from an untrusted leg: its answer would show keys", untrusted_preferred, phones,
            &savp, "keys-on-untrusted"},
        Row{"SAVP towards a leg without SRTP", phones, plain_core, &savp, "srtp-on-plain"},
        Row{"SAVP from a leg without SRTP", plain_core, phones, &savp, "srtp-on-plain"},

        Row{"AVP with crypto is SRTP", strict, strict, &avp_crypto, "pass"},
        Row{"AVP with crypto passes between trusted legs", phones, core, &avp_crypto, "pass"},
        Row{"it is taken out towards an untrusted leg", phones, untrusted, &avp_crypto, "removed"},
        Row{"but not where the sender requires SRTP", strict, untrusted, &avp_crypto,
            "keys-would-be-removed"},
        Row{"nor towards a leg without SRTP", strict, plain_core, &avp_crypto,
            "keys-would-be-removed"},
        Row{"it is taken out towards a leg without SRTP", phones, plain_core, &avp_crypto,
            "removed"},
        Row{"keys from an untrusted leg go no further", untrusted_preferred, phones, &avp_crypto,
            "removed"},
        Row{"and do not make a call secure", untrusted, strict, &avp_crypto, "not-secure"},

        Row{"DTLS-SRTP shows no keys", phones, untrusted_preferred, &dtls, "pass"},
        Row{"DTLS-SRTP is SRTP", strict, strict, &dtls, "pass"},
        Row{"DTLS-SRTP towards a leg without SRTP", phones, untrusted, &dtls, "srtp-on-plain"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(judge(row.from, row.to, *row.body), row.verdict) << row.sentence;
    }
}

TEST(MediaSecurity, TakesOutEveryLineThatCarriesAKeyAndNoOther) {
    const std::string keys =
        sdp(stream("RTP/AVP", crypto("1") +
                                  "k=clear:secret\r\na=Crypto :2 x\r\n"
                                  "a=acap:1 crypto:1 AES_CM_128_HMAC_SHA1_80 " +
                                  std::string(key) + "\r\na=acap:2 ptime:30\r\n" +
                                  "a=unknown:1\r\n" + crypto("2")),
            "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO\r\nk=prompt\r\n");
    const MediaVerdict verdict = judge_media(phones, untrusted, "application/sdp", keys);
    ASSERT_TRUE(verdict.passes()) << to_string(*verdict.refusal);
    EXPECT_EQ(verdict.body, sdp(stream("RTP/AVP", "a=acap:2 ptime:30\r\na=unknown:1\r\n")));
}

TEST(MediaSecurity, RefusesBrokenKeysWhereTheyWouldPass) {
    const std::string twice = crypto("1") + crypto("1");
    const std::string bad_key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n";
    for (const std::string& lines : {twice, bad_key, crypto("x"), crypto("1") + bad_key}) {
        EXPECT_EQ(judge(phones, core, sdp(stream("RTP/SAVP", lines))), "bad-crypto") << lines;
        EXPECT_EQ(judge(phones, core, sdp(stream("RTP/AVP", lines))), "bad-crypto") << lines;
        EXPECT_EQ(judge(phones, untrusted, sdp(stream("RTP/AVP", lines))), "removed") << lines;
    }
    EXPECT_EQ(judge(phones, core, sdp(stream("RTP/SAVP"))), "bad-crypto") << "no key at all";
}

// The profile with feedback is SRTP as the one without.
TEST(MediaSecurity, TakesSavpfForSrtp) {
    const std::string savpf = sdp(stream("RTP/SAVPF", crypto()));
    EXPECT_EQ(judge(strict, strict, savpf), "pass");
    EXPECT_EQ(judge(phones, untrusted, savpf), "keys-on-untrusted");
}

TEST(MediaSecurity, IsNotFooledByKeysThatProtectNothing) {
    const std::string unencrypted =
        sdp(stream("RTP/SAVP", crypto("1", "AES_CM_128_HMAC_SHA1_80", " UNENCRYPTED_SRTP")));
    EXPECT_EQ(judge(strict, strict, unencrypted), "not-secure");
    EXPECT_EQ(judge(phones, phones, unencrypted), "pass");
    EXPECT_EQ(judge(strict, strict, sdp(stream("RTP/SAVP", crypto("1", "NULL_HMAC_SHA1_80")))),
              "not-secure");
}

// Another line of the offer may protect: who picks the one that does not has not.
TEST(MediaSecurity, RequiresThatTheKeyThatIsPickedProtects) {
    const std::string suite = "AES_CM_128_HMAC_SHA1_80";
    const auto answered = [](const MediaLeg& leg, const std::string& offer,
                             const std::string& line) {
        const auto answer = sip::Message::parse(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: "
            "<sip:a@b>;tag=1\r\n"
            "To: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
            "Content-Type: application/sdp\r\n\r\n" +
                sdp(stream("RTP/SAVP", line)),
            sip::Framing::Datagram);
        const MediaVerdict verdict = judge_answer(leg, leg, offer, *answer.message);
        EXPECT_FALSE(verdict.body);
        return verdict.refusal ? to_string(*verdict.refusal) : "pass";
    };
    for (const char* parameter : {" UNENCRYPTED_SRTP", " UNENCRYPTED_SRTCP",
                                  " UNAUTHENTICATED_SRTP", " unencrypted_srtp"}) {
        const std::string weak = crypto("1", suite, parameter);
        const std::string offer = sdp(stream("RTP/SAVP", weak + crypto("2")));
        EXPECT_EQ(judge(strict, strict, sdp(stream("RTP/SAVP", weak))), "not-secure") << parameter;
        EXPECT_EQ(judge(strict, strict, offer), "pass") << parameter;
        EXPECT_EQ(answered(strict, offer, crypto("1")), "answer-not-offered") << parameter;
        EXPECT_EQ(answered(strict, offer, weak), "not-secure") << parameter;
        EXPECT_EQ(answered(strict, offer, crypto("2")), "pass") << parameter;
        EXPECT_EQ(answered(phones, offer, weak), "pass") << "nothing is required here";
        EXPECT_EQ(answered(phones, offer, crypto("2", suite, parameter)), "answer-not-offered")
            << "less than was offered";
    }
    EXPECT_EQ(answered(strict, sdp(stream("RTP/SAVP", crypto("1"))), crypto("1", suite, " WSH=64")),
              "pass")
        << "what each says for itself";
}

TEST(MediaSecurity, JudgesEveryStreamThatIsUsed) {
    EXPECT_EQ(judge(strict, strict, sdp(stream("RTP/SAVP", crypto()) + stream("RTP/AVP"))),
              "not-secure");
    EXPECT_EQ(judge(strict, strict, sdp(stream("RTP/SAVP", crypto()) + stream("RTP/AVP", "", 0))),
              "pass")
        << "port 0 is a refused stream";
    EXPECT_EQ(judge(strict, strict,
                    sdp(stream("RTP/SAVP", crypto()) + stream("RTP/AVP", "a=bundle-only\r\n", 0))),
              "not-secure");
    EXPECT_EQ(judge(phones, untrusted, sdp(stream("RTP/AVP") + stream("RTP/SAVP", crypto(), 0))),
              "removed")
        << "keys of a refused stream are keys";
    EXPECT_EQ(judge(strict, strict, sdp("m=image 4000 udptl t38\r\n")), "not-secure");
    EXPECT_EQ(judge(phones, untrusted, sdp("m=image 4000 udptl t38\r\n")), "pass");
}

TEST(MediaSecurity, RefusesADescriptionThatItCannotRead) {
    EXPECT_EQ(judge(phones, core, "v=0\r\nm=audio\r\n"), "bad-description");
    EXPECT_EQ(judge(phones, untrusted, "v=0\r\n a=crypto:1 hidden\r\n"), "bad-description");
}

TEST(MediaSecurity, LeavesOtherBodiesAlone) {
    const auto passes = [](std::string_view type, std::string_view body) {
        const MediaVerdict verdict = judge_media(phones, untrusted, type, body);
        return verdict.passes() && !verdict.body;
    };
    EXPECT_TRUE(passes("application/pidf+xml", "<note>a=crypto:1 inline: text</note>\r\n"));
    EXPECT_TRUE(passes("message/sipfrag", "SIP/2.0 200 OK\r\n"));
    EXPECT_TRUE(passes("no type at all", "hello, v=0\r\n"));
    EXPECT_TRUE(passes("multipart/mixed", "--b\r\n\r\nhello\r\n--b--\r\n"));
    EXPECT_TRUE(passes("multipart/mixed",
                       "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
                       "\r\niVBORw0KGgo=\r\n--b--\r\n"));
    EXPECT_TRUE(passes("application/sdp", ""));
    EXPECT_FALSE(passes("Application/SDP ; charset=utf-8", savp));
    EXPECT_FALSE(passes("", savp)) << "a description without its type is one";
}

std::string multipart(const std::string& part_headers, const std::string& content) {
    return "--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\n" + part_headers + "\r\n" +
           content + "--b1--\r\n";
}

TEST(MediaSecurity, LooksIntoSeveralParts) {
    constexpr std::string_view type = "multipart/mixed;boundary=b1";
    const auto judge_parts = [&](const MediaLeg& from, const MediaLeg& to,
                                 const std::string& body) {
        const MediaVerdict verdict = judge_media(from, to, type, body);
        EXPECT_FALSE(verdict.body);
        return verdict.refusal ? to_string(*verdict.refusal) : "pass";
    };
    const std::string headers = "Content-Type: application/sdp\r\n";
    EXPECT_EQ(judge_parts(phones, core, multipart(headers, avp_crypto)), "pass");
    EXPECT_EQ(judge_parts(phones, untrusted, multipart(headers, plain)), "pass");
    EXPECT_EQ(judge_parts(phones, untrusted, multipart(headers, avp_crypto)), "keys-on-untrusted");
    EXPECT_EQ(judge_parts(phones, untrusted, multipart("c:Application/SDP\r\n", savp)),
              "keys-on-untrusted");
    EXPECT_EQ(judge_parts(phones, untrusted,
                          multipart(headers + "Content-Transfer-Encoding: base64\r\n", "dj0w\r\n")),
              "bad-description");
    EXPECT_EQ(judge_parts(phones, untrusted,
                          multipart("Content-Type: multipart/alternative;boundary=b2\r\n",
                                    "--b2\r\n" + headers + "\r\n" + savp + "--b2--\r\n")),
              "keys-on-untrusted")
        << "a part within a part";
}

std::string verdict_on(const MediaLeg& from, const MediaLeg& to, std::string_view type,
                       std::string_view body) {
    const MediaVerdict verdict = judge_media(from, to, type, body);
    return verdict.refusal ? std::string(to_string(*verdict.refusal))
           : verdict.body  ? "removed"
                           : "pass";
}

TEST(MediaSecurity, KnowsADescriptionByAnySpellingOfItsType) {
    for (const char* type :
         {"application/sdp", "application / sdp", "application/\r\n sdp", "APPLICATION/\tSDP",
          "application/sdp (x)", "(x (y)) application (;) / (/) sdp ;charset=utf-8"}) {
        EXPECT_EQ(verdict_on(phones, untrusted, type, savp), "keys-on-untrusted") << type;
        EXPECT_EQ(verdict_on(phones, untrusted, type, avp_crypto), "removed") << type;
        EXPECT_EQ(verdict_on(untrusted, strict, type, plain), "not-secure") << type;
        EXPECT_EQ(verdict_on(phones, untrusted, type, plain), "pass") << type;
        const std::string part =
            "--b\r\nContent-Type: " + std::string(type) + "\r\n\r\n" + savp + "--b--\r\n";
        EXPECT_EQ(verdict_on(phones, untrusted, "multipart / mixed", part), "keys-on-untrusted")
            << type;
        EXPECT_EQ(verdict_on(phones, core, "multipart / mixed", part), "pass") << type;
    }
}

TEST(MediaSecurity, KnowsADescriptionByItsLooksWhereKeysMustNotPass) {
    for (const char* type : {"text/plain", "application/sdp x", "application", "text/plain, a/b"}) {
        EXPECT_EQ(verdict_on(phones, untrusted, type, savp), "keys-on-untrusted") << type;
        EXPECT_EQ(verdict_on(untrusted, strict, type, plain), "not-secure") << type;
        EXPECT_EQ(verdict_on(phones, untrusted, type, "\r\n " + savp), "bad-description") << type;
        EXPECT_EQ(verdict_on(phones, untrusted, type, "x\r\n" + crypto()), "bad-description");
        EXPECT_EQ(verdict_on(phones, untrusted, type, "x\r\n " + std::string(key)),
                  "bad-description");
        EXPECT_EQ(verdict_on(phones, untrusted, type, "x\ra= Crypto:1 y"), "bad-description");
        EXPECT_EQ(verdict_on(phones, core, type, savp), "pass") << type;
        EXPECT_EQ(verdict_on(phones, untrusted, type, plain), "pass") << type;
    }
}

TEST(MediaSecurity, RefusesWhatItCannotTakeApartWhereItMayHoldKeys) {
    struct Closed {
        const char* type;
        std::string body;
    };
    const std::string coded = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    const std::array bodies{
        Closed{"message/sip", "INVITE sip:a@b SIP/2.0\r\n\r\nX " + std::string(key)},
        Closed{"message / sipfrag", "SIP/2.0 200 OK\r\n\r\n" + savp},
        Closed{"message/external-body", "Content-Type: application/sdp\r\n\r\n" + savp},
        Closed{"multipart/mixed;boundary=b", "x " + std::string(key)},
        Closed{"multipart/mixed;boundary=b", "x\r\n" + savp},
        Closed{"multipart/mixed", "--b\r\nContent-Type: multipart/mixed\r\n\r\nx " +
                                      std::string(key) + "\r\n--b--\r\n"},
        Closed{"multipart/mixed",
               "--b\r\nContent-Type: text/plain\r\n" + coded + "x " + std::string(key)},
        Closed{"multipart/mixed", "--b\r\nContent-Type: application / sdp\r\n" + coded + "v=3D0"},
        Closed{"multipart/mixed", "--b\r\nContent-Type: message/sip\r\n" + coded + "v=3D0"},
        Closed{"multipart/mixed",
               "--b\r\nContent-Type: text/plain\r\nc: application/sdp\r\n" + coded + "v=3D0"},
        Closed{"not a type", "x " + std::string(key)},
    };
    for (const Closed& each : bodies) {
        EXPECT_EQ(verdict_on(phones, untrusted, each.type, each.body), "bad-description")
            << each.type << "\n"
            << each.body;
    }
    const std::string within = "SIP/2.0 200 OK\r\n\r\n" + plain;
    EXPECT_EQ(verdict_on(untrusted, strict, "message/sip", within), "bad-description");
    EXPECT_EQ(verdict_on(untrusted, strict, "multipart/mixed", "--b\r\n\r\nx\r\nm=audio 1"),
              "bad-description");
    EXPECT_EQ(verdict_on(phones, untrusted, "message/sip", within), "pass");
}

TEST(MediaSecurity, HoldsAnAnswerToItsOffer) {
    const auto match = [](const std::string& offer, const std::string& answer) {
        const auto refusal = answer_matches_offer(offer, answer);
        return refusal ? to_string(*refusal) : "matches";
    };
    const std::string offer =
        sdp(stream("RTP/SAVP", crypto("1") + crypto("2", "AES_CM_128_HMAC_SHA1_32")));
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", crypto("1")))), "matches");
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", crypto("2", "AES_CM_128_HMAC_SHA1_32")))),
              "matches");
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", "", 0))), "matches") << "it is refused";
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", crypto("2")))), "answer-not-offered")
        << "the suite of another tag";
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", crypto("3")))), "answer-not-offered");
    EXPECT_EQ(
        match(offer, sdp(stream("RTP/SAVP", crypto("1") + crypto("2", "AES_CM_128_HMAC_SHA1_32")))),
        "answer-not-offered")
        << "one is to be chosen";
    EXPECT_EQ(match(offer, plain), "answer-not-offered") << "the offer's protocol";
    EXPECT_EQ(match(offer, sdp(stream("RTP/SAVP", crypto("x")))), "bad-crypto");
    EXPECT_EQ(match(plain, avp_crypto), "answer-not-offered") << "keys nobody asked for";
    EXPECT_EQ(match(avp_crypto, plain), "matches");
    EXPECT_EQ(match(plain, sdp(stream("RTP/AVP") + stream("RTP/AVP"))), "answer-not-offered");
    EXPECT_EQ(match(plain, "hello"), "bad-description");
}

TEST(MediaSecurity, AnswersARefusedOfferWith488AndAWarning) {
    EXPECT_EQ(answer_to(MediaRefusal::NotSecure).status, 488);
    EXPECT_EQ(answer_to(MediaRefusal::NotSecure).warning, 302);
    EXPECT_EQ(answer_to(MediaRefusal::BadCrypto).warning, 306);
}

}  // namespace
}  // namespace ringwall::sbc::policy
