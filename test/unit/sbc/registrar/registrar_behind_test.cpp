#include "sbc/registrar/registrar_behind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbc/registrar/edge_registrar.h"
#include "sip/message_builder.h"

namespace ringwall::sbc::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RegistrarBehind : public ::testing::Test {
protected:
    RegistrarBehind() {
        phones.profile = Profile::Access;
        phones.security = Security::TrustedEncrypted;
        phones.domains = {"example.com"};
        phones.registration_target = 1;
        phones.registration_outgoing_timer = 1000;
        phones.registration_incoming_timer = 600;
        phones.fast_register_interval = 30;
    }
    sip::MessagePtr request(const std::string& lines, unsigned cseq = 1,
                            const std::string& call_id = "c") {
        const std::string text =
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
            "To: <sip:alice@example.com>\r\nCall-ID: " +
            call_id + "\r\nCSeq: " + std::to_string(cseq) + " REGISTER\r\n" + lines +
            "Content-Length: 0\r\n\r\n";
        const auto parsed = sip::Message::parse(text, sip::Framing::Stream);
        EXPECT_TRUE(parsed.message && !parsed.fault) << text;
        return parsed.message;
    }
    // The registrar's 200 to what `request` becomes there, each contact for so long.
    sip::MessagePtr granted(const sip::Message& request, int seconds) {
        auto response = sip::reply(request, 200, "t");
        for (const auto& each : contacts_behind(request, phones)) {
            response.header(
                sip::HeaderName::Contact,
                "<sip:" + each.token + "@192.0.2.2>;expires=" + std::to_string(seconds));
        }
        return response.build();
    }
    Registrant alice() { return {"alice@example.com", phones, 0, hop}; }
    RegisterOutcome accept(const sip::MessagePtr& message, int seconds = 1000) {
        return registrar.on_accepted_behind(*message, alice(), *granted(*message, seconds), now);
    }
    std::vector<Binding> bindings() { return location.find("alice@example.com", now); }

    const std::string contact = "Contact: <sip:alice@192.0.2.7>\r\n";
    Adjacency phones;
    Location location;
    RegisterOrder order;
    EdgeRegistrar registrar{location, order};
    TimePoint now{1000s};
    sip::Hop hop{{5}, {IpAddress::v4(192, 0, 2, 7), 5060}, sip::Transport::Udp};
};

TEST_F(RegistrarBehind, KnowsAContactByOneTokenForEver) {
    const auto token = [&](const std::string& lines) {
        return contacts_behind(*request(lines), phones).front().token;
    };
    const std::string first = token(contact);
    EXPECT_TRUE(is_contact_token(first)) << first;
    EXPECT_EQ(token(contact), first);
    EXPECT_NE(token("Contact: <sip:alice@192.0.2.8>\r\n"), first);
    // A flow of an instance is known by its numbers, wherever it is.
    const std::string flow =
        ";+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\nSupported: path, outbound\r\n";
    EXPECT_EQ(token("Contact: <sip:alice@192.0.2.7>" + flow),
              token("Contact: <sip:alice@192.0.2.8>" + flow));
    for (const char* other : {"rw-", "rw-0123456789abcdef0123456789abcdeg", "alice", "",
                              "rw-0123456789abcdef0123456789abcdef0"}) {
        EXPECT_FALSE(is_contact_token(other)) << other;
    }
}

TEST_F(RegistrarBehind, IsAskedForItsOwnTimeOrWhatThePhoneWantsLonger) {
    const auto asked = [&](const std::string& parameters) {
        return contacts_behind(*request("Contact: <sip:a@192.0.2.7>" + parameters + "\r\n"), phones)
            .front()
            .parameters;
    };
    EXPECT_EQ(asked(""), ";expires=1000");
    EXPECT_EQ(asked(";expires=60"), ";expires=1000");
    EXPECT_EQ(asked(";expires=5000;q=0.5"), ";expires=5000;q=0.500");
    EXPECT_EQ(asked(";expires=0;+sip.instance=\"<urn:x>\""),
              ";expires=0;+sip.instance=\"<urn:x>\"");
}

TEST_F(RegistrarBehind, APhoneOverUdpIsGrantedLittleAndOneOverAConnectionMuch) {
    EXPECT_THAT(accept(request(contact)).contacts, ElementsAre("<sip:alice@192.0.2.7>;expires=30"));
    hop.transport = sip::Transport::Tls;
    EXPECT_THAT(accept(request(contact, 2)).contacts,
                ElementsAre("<sip:alice@192.0.2.7>;expires=600"));
    // But never what the registrar has not granted, with some left to ask it again.
    EXPECT_THAT(accept(request(contact, 3), 100).contacts,
                ElementsAre("<sip:alice@192.0.2.7>;expires=90"));
    EXPECT_THAT(accept(request(contact, 4), 500).contacts,
                ElementsAre("<sip:alice@192.0.2.7>;expires=468"));
}

TEST_F(RegistrarBehind, WhatItDoesNotListIsNotBound) {
    const auto message = request(contact);
    auto other = sip::reply(*message, 200, "t");
    other.header(sip::HeaderName::Contact, "<sip:else@198.51.100.1>;expires=100");
    EXPECT_THAT(registrar.on_accepted_behind(*message, alice(), *other.build(), now).contacts,
                IsEmpty());
    // One that lists nothing at all has said yes to all; Expires says for how long.
    auto bare = sip::reply(*request(contact, 2), 200, "t");
    bare.header(sip::HeaderName::Expires, "20");
    EXPECT_THAT(
        registrar.on_accepted_behind(*request(contact, 2), alice(), *bare.build(), now).contacts,
        ElementsAre("<sip:alice@192.0.2.7>;expires=18"));
}

TEST_F(RegistrarBehind, WhatCannotBeReadGrantsNothing) {
    const auto answered = [&](const std::string& lines, const std::string& asked) {
        const auto message = request(asked);
        std::string text = "SIP/2.0 200 OK\r\n";
        for (const auto& line : message->headers()) {
            if (line.id != sip::HeaderName::Contact && line.id != sip::HeaderName::MaxForwards) {
                text.append(line.raw);
            }
        }
        std::string told = lines;
        const std::string token = contacts_behind(*message, phones).front().token;
        for (std::size_t at = 0; (at = told.find("OURS")) != std::string::npos;) {
            told.replace(at, 4, "sip:" + token + "@192.0.2.2");
        }
        text.insert(text.find("Content-Length"), told);
        const auto parsed = sip::Message::parse(text, sip::Framing::Stream);
        EXPECT_TRUE(parsed.message) << text;
        return registrar.on_accepted_behind(*message, alice(), *parsed.message, now);
    };
    for (const char* const lines :
         {"Contact: *\r\n", "Contact:\r\n", "Contact: <OURS\r\n", "Contact: <OURS>;expires=-60\r\n",
          "Contact: <OURS>;expires=\r\n", "Contact: <OURS>;expires=4294967296\r\n",
          "Contact: <OURS>\r\nExpires: -60\r\n", "Expires: -60\r\n"}) {
        const RegisterOutcome outcome = answered(lines, contact);
        EXPECT_EQ(outcome.status, 502) << lines;
        EXPECT_THAT(outcome.contacts, IsEmpty()) << lines;
        EXPECT_THAT(bindings(), IsEmpty()) << lines;
    }
    // What of another cannot be read says nothing of ours.
    EXPECT_EQ(answered("Contact: <sip:else@;;>;expires=x, <OURS>;expires=60\r\n", contact).status,
              200);
    EXPECT_THAT(bindings(), SizeIs(1));
}

TEST_F(RegistrarBehind, IsNotAskedForASignOfLifeBeforeHalfOfItsTime) {
    EXPECT_EQ(registrar.answer_here(*request(contact), alice(), now), std::nullopt)
        << "it has granted nothing yet";
    accept(request(contact));
    now += 20s;
    const auto here = registrar.answer_here(*request(contact, 2), alice(), now);
    ASSERT_TRUE(here);
    EXPECT_EQ(here->status, 200);
    EXPECT_THAT(here->contacts, ElementsAre("<sip:alice@192.0.2.7>;expires=30"));
    EXPECT_EQ(bindings().front().cseq, 2U);
    for (unsigned cseq = 3; cseq < 26; ++cseq) {
        now += 20s;
        EXPECT_TRUE(registrar.answer_here(*request(contact, cseq), alice(), now));
    }
    now += 20s;  // half a thousand
    EXPECT_FALSE(registrar.answer_here(*request(contact, 26), alice(), now));
    EXPECT_THAT(bindings(), SizeIs(1)) << "it stays until that is answered";
}

TEST_F(RegistrarBehind, IsAskedForAllElse) {
    accept(request(contact, 5));
    const auto here = [&](const std::string& lines, unsigned cseq = 6,
                          const std::string& call_id = "c") {
        return registrar.answer_here(*request(lines, cseq, call_id), alice(), now).has_value();
    };
    EXPECT_FALSE(here("Contact: <sip:alice@192.0.2.9>\r\n"));
    EXPECT_FALSE(here("Contact: <sip:alice@192.0.2.7>;q=0.5\r\n"));
    EXPECT_FALSE(here("Contact: <sip:alice@192.0.2.7>;expires=0\r\n"));
    EXPECT_FALSE(here("Contact: *\r\nExpires: 0\r\n"));
    EXPECT_FALSE(here(contact + "Path: <sip:proxy.example.com;lr>\r\n"));
    EXPECT_FALSE(here(""));
    EXPECT_FALSE(here(contact, 6, "another"));
    hop.remote.port = 5061;
    EXPECT_FALSE(here(contact)) << "from elsewhere";
    hop.remote.port = 5060;
    EXPECT_TRUE(here(contact));
}

TEST_F(RegistrarBehind, IsNotAskedForWhatIsRefusedHere) {
    const auto refused = [&](const std::string& lines) {
        const auto here = registrar.answer_here(*request(lines), alice(), now);
        return here ? here->status : 0;
    };
    EXPECT_EQ(refused("Contact: <tel:+1>\r\n"), 400);
    EXPECT_EQ(refused("Contact: <sips:alice@192.0.2.7>\r\nPath: <sip:p.example.com;lr>\r\n"), 400);
    EXPECT_EQ(refused("Contact: <sip:a@192.0.2.7>;expires=1\r\n"), 0) << "423 is its to say";
    phones.domains = {"other.example"};
    EXPECT_EQ(refused(contact), 404);
    EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(RegistrarBehind, ItsRefusalEndsWhatItsSenderHadAndNothingElse) {
    accept(request(contact, 5));
    EXPECT_THAT(registrar.on_refused_behind(*request(contact, 6, "other"), alice(), now),
                IsEmpty());
    EXPECT_THAT(registrar.on_refused_behind(*request(contact, 4), alice(), now), IsEmpty());
    hop.remote.port = 1;
    EXPECT_THAT(registrar.on_refused_behind(*request(contact, 6), alice(), now), IsEmpty());
    hop.remote.port = 5060;
    EXPECT_THAT(bindings(), SizeIs(1));
    EXPECT_THAT(registrar.on_refused_behind(*request(contact, 6), alice(), now), SizeIs(1));
    EXPECT_THAT(bindings(), IsEmpty());
    EXPECT_TRUE(location.is_consistent());
}

TEST_F(RegistrarBehind, AYesThatANewerAnswerHasOvertakenBindsNothing) {
    const auto register_at = [&](unsigned cseq, const std::string& lines = {}) {
        const auto message = request(lines.empty() ? contact : lines, cseq);
        order.begin(*message, "alice@example.com");
        return message;
    };
    const std::string gone = "Contact: <sip:alice@192.0.2.7>;expires=0\r\n";
    const auto slow = register_at(1);
    const auto fast = register_at(2, gone);
    EXPECT_EQ(accept(fast).status, 200);
    order.end(*fast, "alice@example.com");
    EXPECT_EQ(accept(slow).status, 500);
    EXPECT_THAT(bindings(), IsEmpty());
    order.end(*slow, "alice@example.com");
    EXPECT_EQ(order.size(), 0U) << "nothing of it is kept";
    // So it is where all were taken away, or refused, and of another Call-ID nothing is known.
    const auto second = register_at(3);
    const auto all = register_at(4, "Contact: *\r\nExpires: 0\r\n");
    EXPECT_EQ(accept(all).status, 200);
    EXPECT_EQ(accept(second).status, 500);
    const auto bound = register_at(5);
    const auto third = register_at(6);
    const auto fourth = register_at(7);
    EXPECT_EQ(accept(bound).status, 200);
    EXPECT_THAT(registrar.on_refused_behind(*fourth, alice(), now), SizeIs(1));
    EXPECT_EQ(accept(third).status, 500);
    EXPECT_THAT(bindings(), IsEmpty());
    EXPECT_EQ(accept(request(contact, 1, "other")).status, 200);
}

TEST_F(RegistrarBehind, FindsAContactByItsToken) {
    const auto message = request(contact);
    const std::string token = contacts_behind(*message, phones).front().token;
    EXPECT_FALSE(location.find_token(token, now));
    accept(message);
    ASSERT_TRUE(location.find_token(token, now));
    EXPECT_EQ(location.find_token(token, now)->contact, "sip:alice@192.0.2.7");
    EXPECT_TRUE(location.is_consistent());
    EXPECT_FALSE(location.find_token(token, now + 31s));
    location.expire(now + 31s);
    EXPECT_FALSE(location.find_token(token, now));
    EXPECT_TRUE(location.is_consistent());
}

// Of one order there, whatever becomes of us meanwhile.
TEST_F(RegistrarBehind, HearsOneCallIdForOneHere) {
    EXPECT_EQ(call_id_behind(*request(contact, 1)), call_id_behind(*request(contact, 2)));
    EXPECT_NE(call_id_behind(*request(contact)), call_id_behind(*request(contact, 1, "d")));
    EXPECT_EQ(from_tag_behind(*request(contact, 1)), from_tag_behind(*request(contact, 2)));
    EXPECT_THAT(call_id_behind(*request(contact)), ::testing::Not(HasSubstr("c@")));
}

}  // namespace
}  // namespace ringwall::sbc::registrar
