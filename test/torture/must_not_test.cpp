// What expected.json says must not happen with a torture message of RFC 4475, as far as it can be
// seen from outside a whole border controller. What shows in the answer alone is in the table of
// verdicts; "crash" everywhere.
#include <fstream>
#include <nlohmann/json.hpp>

#include "sip/header/contact.h"
#include "torture/lab.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// That `what` is what expected.json forbids: named so that the two cannot drift apart.
void forbidden(const std::string& name, const std::string& what) {
    static const nlohmann::json document = nlohmann::json::parse(
        std::ifstream(std::string(TEST_DATA) + "/torture/rfc4475/expected.json"));
    for (const auto& each : document) {
        if (each.at("file") == name + ".dat") {
            EXPECT_THAT(each.at("must_not").get<std::vector<std::string>>(), Contains(what));
            return;
        }
    }
    ADD_FAILURE() << "no such message: " << name;
}

std::string message(const std::string& name) {
    return torture_message(name + ".dat");
}

std::string_view body_of(std::string_view bytes) {
    return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

// The torture response `name` as an answer to `request`: with its top Via, Call-ID, From, To and,
// unless it is what is wrong with it, CSeq.
std::string in_answer_to(const sip::Message& request, const std::string& name,
                         bool keeps_cseq = false) {
    const std::string bytes = message(name);
    const auto torture = sip::Message::parse(bytes, sip::Framing::Datagram).message;
    std::string out = bytes.substr(0, bytes.find("\r\n") + 2);
    bool is_top = true;
    for (const auto& line : torture->headers()) {
        const bool is_first_via = line.id == HeaderName::Via && std::exchange(is_top, false);
        const bool is_ours = is_first_via || line.id == HeaderName::CallId ||
                             line.id == HeaderName::From ||
                             (line.id == HeaderName::CSeq && !keeps_cseq);
        if (line.id == HeaderName::To) {
            out.append("To: ").append(request.to().text).append(";tag=far\r\n");
        } else if (is_ours) {
            out.append(request.header(line.id)->raw);
        } else {
            out.append(line.raw);
        }
    }
    return out + "\r\n" + std::string(body_of(bytes));
}

class MustNot : public TortureLab {
protected:
    // Sends the message from near, over UDP, and lets far answer.
    void send(const std::string& bytes) {
        near.send(to_near, bytes);
        run();
    }
    // The one request that came out on the other side.
    sip::MessagePtr sent_on() {
        const auto requests = far.requests();
        EXPECT_THAT(requests, SizeIs(1));
        return requests.empty() ? nullptr : requests.front();
    }
    void expect_nothing_sent_on() { EXPECT_THAT(far.heard(), IsEmpty()); }
};

class RegistrarMustNot : public TortureLabWithPhones {
protected:
    std::vector<sbc::registrar::Binding> bindings(const std::string& address_of_record) {
        return border.sbc().location().find(address_of_record, net.now().monotonic);
    }
};

TEST_F(MustNot, wsinv) {
    forbidden("wsinv", "treat as malformed");
    forbidden("wsinv", "split UnknownHeaderWithUnusualValue on commas");
    // Its To tag is of a dialog that is not ours; without it, it is a call.
    send(replaced(message("wsinv"), " ;   tag    = 1918181833n", ""));

    EXPECT_THAT(near.statuses(), ElementsAre(200));
    const auto invite = sent_on();
    ASSERT_NE(invite, nullptr);
    const std::string bytes(invite->bytes());
    EXPECT_THAT(bytes, HasSubstr("\r\nUnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"));
    EXPECT_THAT(bytes,
                HasSubstr("\r\nNewFangledHeader:   newfangled value\r\n continued newfangled "
                          "value\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\ns :\r\n"));
    EXPECT_EQ(invite->max_forwards(), 67U);
    EXPECT_EQ(invite->body(), body_of(message("wsinv")));
    // Nor does the near side's topology show.
    EXPECT_EQ(invite->values(HeaderName::Via).size(), 1U);
    EXPECT_EQ(invite->header(HeaderName::Route), nullptr);
    EXPECT_THAT(bytes, Not(HasSubstr("spindle.example.com")));
}

TEST_F(MustNot, intmeth) {
    forbidden("intmeth", "crash on quoted NUL");
    forbidden("intmeth", "treat % as escape in method/Call-ID");
    send(message("intmeth"));

    const auto response = near.last_response();
    ASSERT_NE(response, nullptr);
    EXPECT_EQ(response->status(), 501);
    EXPECT_THAT(response->values(HeaderName::Allow), Contains("INVITE"));
    const auto request = sip::Message::parse(message("intmeth"), sip::Framing::Datagram).message;
    EXPECT_EQ(response->cseq().method_text, request->method_text());
    EXPECT_EQ(response->call_id(), request->call_id());
    expect_nothing_sent_on();
}

TEST_F(MustNot, esc01) {
    forbidden("esc01", "unescape twice: value%2541 must become value%41 and not valueA");
    send(message("esc01"));

    const auto invite = sent_on();
    ASSERT_NE(invite, nullptr);
    EXPECT_EQ(invite->request_uri_text(), "sip:sips%3Auser%40example.com@example.net");
    EXPECT_EQ(invite->from().uri.user, "I%20have%20spaces");
    EXPECT_EQ(sip::unescape(invite->to().uri.user), "user");
    EXPECT_THAT(std::string(invite->bytes()), Not(HasSubstr("valueA")));
    // The dialog's remote target is the Contact as it came: it shows in the BYE that ends a call
    // whose 2xx nobody acknowledged.
    net.run_until([&] { return !near.requests("BYE").empty(); }, 60s);
    ASSERT_THAT(near.requests("BYE"), SizeIs(1));
    EXPECT_EQ(near.requests("BYE")[0]->request_uri_text(),
              "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31");
}

TEST_F(RegistrarMustNot, escnull) {
    forbidden("escnull", "truncate AOR at %00");
    forbidden("escnull", "merge the two contacts");
    EXPECT_EQ(do_register(message("escnull"), "null"), 200);

    EXPECT_EQ(border.sbc().location().user_count(), 1U);
    std::vector<std::string> contacts;
    for (const auto& binding : bindings(std::string("null-\0-null@example.com", 23))) {
        contacts.push_back(binding.contact);
    }
    EXPECT_THAT(contacts, ::testing::UnorderedElementsAre("sip:%00@host5.example.com",
                                                          "sip:%00%00@host5.example.com"));
    EXPECT_THAT(phone.last_response()->values(HeaderName::Contact), SizeIs(2));
}

TEST_F(RegistrarMustNot, esc02) {
    forbidden("esc02", "treat as REGISTER");
    forbidden("esc02", "count C%6Fntact as Contact (2 contacts, not 3)");
    EXPECT_EQ(do_register(message("esc02"), "user"), 501);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    EXPECT_EQ(counted("challenged", "authenticate"), 0U);
}

TEST_F(MustNot, lwsdisp) {
    forbidden("lwsdisp", "reject");
    send(message("lwsdisp"));
    EXPECT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_EQ(sent_on()->from().display_name, "caller");
}

TEST_F(MustNot, longreq) {
    forbidden("longreq", "truncate tag / Call-ID / Via");
    forbidden("longreq", "513 or 400 below 4 kB");
    send(message("longreq"));

    const auto request = sip::Message::parse(message("longreq"), sip::Framing::Datagram).message;
    const auto response = near.last_response();
    ASSERT_NE(response, nullptr);
    EXPECT_EQ(response->status(), 200);
    auto vias = response->values(HeaderName::Via);
    ASSERT_THAT(vias, SizeIs(34));
    // Ours is the note of where it came from; the others come back as they were.
    EXPECT_EQ(vias[0], "SIP/2.0/TCP sip33.example.com;received=192.0.2.30");
    auto sent = request->values(HeaderName::Via);
    vias.erase(vias.begin());
    sent.erase(sent.begin());
    EXPECT_EQ(vias, sent);
    EXPECT_EQ(response->from_tag(), request->from_tag());
    EXPECT_EQ(response->call_id(), request->call_id());
    // Unknown header fields pass whole.
    const auto unknown =
        std::find_if(request->headers().begin(), request->headers().end(),
                     [](const auto& line) { return line.name.starts_with("Unknown-Long"); });
    ASSERT_NE(unknown, request->headers().end());
    EXPECT_THAT(std::string(sent_on()->bytes()), HasSubstr(std::string(unknown->raw)));
}

TEST_F(MustNot, dblreq) {
    forbidden("dblreq", "process the trailing INVITE (UDP)");
    forbidden("dblreq", "forward the trailing octets");
    send(message("dblreq"));
    EXPECT_THAT(near.statuses(), ElementsAre(405));  // a trunk is no registrar
    expect_nothing_sent_on();
    EXPECT_EQ(counters().messages_in, 1U);
}

// Over a connection the second message is as good as the first.
TEST_F(MustNot, dblreqOverTcp) {
    // As it is in the archive, the INVITE lacks the mandatory Contact, and its body is four octets
    // longer than it says: they begin no message.
    FlowId connection = near.connect(to_near);
    near.stream(connection, message("dblreq"));
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(405, 400));
    EXPECT_TRUE(near.is_closed(connection));

    net.settle();
    near.forget();
    connection = near.connect(to_near);
    std::string both = replaced(message("dblreq"), "Via: SIP/2.0/UDP 192.0.2.15;",
                                "Contact: <sip:caller@192.0.2.15>\r\n"
                                "Via: SIP/2.0/UDP 192.0.2.15;");
    both.resize(both.find("v=0"));
    near.stream(connection, both + std::string(body_of(message("esc01"))));
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(405, 200));
    EXPECT_FALSE(near.is_closed(connection));
    const auto invite = sent_on();
    ASSERT_NE(invite, nullptr);
    EXPECT_EQ(invite->to().uri.user, "joe");
}

TEST_F(RegistrarMustNot, dblreq) {
    EXPECT_EQ(do_register(message("dblreq"), "j.user"), 200);
    EXPECT_THAT(phone.statuses(), ElementsAre(401, 200));
    EXPECT_THAT(bindings("j.user@example.com"), SizeIs(1));
    EXPECT_THAT(far.heard(), IsEmpty());
}

TEST_F(MustNot, semiuri) {
    forbidden("semiuri", "treat ;par= as a URI parameter");
    send(message("semiuri"));
    EXPECT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_EQ(sent_on()->request_uri_text(), "sip:user;par=u%40example.net@example.com");
}

TEST_F(MustNot, transports) {
    forbidden("transports", "reject unknown transport in 2nd+ Via");
    send(message("transports"));
    EXPECT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_THAT(near.last_response()->values(HeaderName::Via), SizeIs(5));
}

TEST_F(MustNot, mpart01) {
    forbidden("mpart01", "treat body as a C string (has NULs)");
    forbidden("mpart01", "misframe");
    send(message("mpart01"));
    const auto sent = sent_on();
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->body(), body_of(message("mpart01")));
    EXPECT_EQ(sent->header(HeaderName::ContentType)->value,
              "multipart/mixed;boundary=7a9cbec02ceef655");
    EXPECT_NE(sent->header("Content-Transfer-Encoding"), nullptr);
    // By RFC 4474 it signed a Contact that is another here.
    EXPECT_EQ(sent->header(HeaderName::Identity), nullptr);

    const FlowId connection = near.connect(to_near);
    near.stream(connection, again(message("mpart01")) + Request{.name = "after"}.text());
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(200, 200, 200));
    ASSERT_THAT(far.requests("MESSAGE"), SizeIs(2));
    EXPECT_EQ(far.requests("MESSAGE")[1]->body(), body_of(message("mpart01")));
}

TEST_F(MustNot, unreason) {
    forbidden("unreason", "reject response");
    far.answer = [](const sip::Message& request) {
        return request.method() == sip::Method::Invite ? in_answer_to(request, "unreason")
                                                       : Wire::agree(request);
    };
    send(message("baddate"));  // an INVITE whose offer that answer fits
    ASSERT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_EQ(near.last_response()->reason(),
              sip::Message::parse(message("unreason"), sip::Framing::Datagram).message->reason());
    EXPECT_EQ(near.last_response()->body(), body_of(message("unreason")));
    EXPECT_EQ(counters().strays, 0U);
}

TEST_F(MustNot, noreason) {
    forbidden("noreason", "reject response");
    far.answer = [](const sip::Message& request) { return in_answer_to(request, "noreason"); };
    near.send(to_near, Request{.method = "INVITE"}.text());
    run(20s);
    // A 100 was heard: the INVITE is not repeated.
    EXPECT_THAT(far.heard(), SizeIs(1));
    EXPECT_THAT(near.statuses(), IsEmpty());
    EXPECT_EQ(counters().faults_dropped, 0U);
    near.send(to_near, Request{.method = "CANCEL"}.text());
    run(200s);
}

TEST_F(MustNot, clerr) {
    forbidden("clerr", "read beyond the datagram");
    send(message("clerr"));
    EXPECT_THAT(near.statuses(), ElementsAre(400));
    expect_nothing_sent_on();
    // On a stream what follows is taken for its body, until the time is up.
    const FlowId connection = near.connect(to_near);
    near.stream(connection, message("clerr") + Request{}.text());
    run(31s);
    EXPECT_FALSE(near.is_closed(connection));
    run(2s);
    EXPECT_TRUE(near.is_closed(connection));
    EXPECT_EQ(near.octets(connection), "");
    expect_nothing_sent_on();
}

TEST_F(MustNot, ncl) {
    forbidden("ncl", "use the value as size/index");
    forbidden("ncl", "keep the TCP connection open");
    for (const std::string_view length : {"-999", "five", "999999999999999999999", "-0", "1 2"}) {
        near.forget();
        const FlowId connection = near.connect(to_near);
        near.stream(connection, replaced(message("ncl"), "-999", length) + Request{}.text());
        run();
        EXPECT_THAT(near.statuses(), ElementsAre(400)) << length;
        EXPECT_TRUE(near.is_closed(connection)) << length;
    }
    expect_nothing_sent_on();
}

TEST_F(RegistrarMustNot, scalar02) {
    forbidden("scalar02", "wrap modulo 2**32");
    EXPECT_EQ(do_register(message("scalar02"), "user"), 400);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    // Each of its scalars is fault enough.
    const std::string good = replaced(
        replaced(replaced(replaced(message("scalar02"), "36893488147419103232", "2"), "300", "70"),
                 "1" + std::string(100, '0'), "600"),
        "280297596632815", "600");
    phone.forget();
    const auto status_with = [&](std::string_view what, std::string_view by) {
        phone.forget();
        phone.send(to_phones, replaced(again(good), what, by));
        run();
        return phone.last_response() == nullptr ? 0 : phone.last_response()->status();
    };
    EXPECT_EQ(status_with("70", "300"), 400);
    EXPECT_EQ(status_with("Expires: 600", "Expires: 4294967896"), 400);
    EXPECT_EQ(status_with("expires=600", "expires=4294967896"), 400);
    EXPECT_EQ(do_register(good, "user"), 200);
}

// The response is to an INVITE of ours, but its CSeq or status is too large: it must match nothing.
TEST_F(MustNot, scalarlgAndBigcode) {
    forbidden("scalarlg", "match a transaction by wrapped CSeq");
    forbidden("bigcode", "wrap: 4294967301 mod 2**32 = 5");
    for (const std::string name : {"scalarlg", "bigcode"}) {
        far.answer = [&](const sip::Message& request) {
            return in_answer_to(request, name, name == "scalarlg");
        };
        const auto before = counters().faults_dropped;
        far.forget();
        near.forget();
        send(Request{.method = "INVITE", .name = name}.text());
        EXPECT_GT(counters().faults_dropped, before);
        EXPECT_GT(far.heard().size(), 1U);  // the INVITE was repeated: nothing was heard
        EXPECT_THAT(near.statuses(), IsEmpty());
        run(40s);
        EXPECT_THAT(near.statuses(), ElementsAre(408));
        net.settle();
    }
}

TEST_F(MustNot, quotbal) {
    forbidden("quotbal", "run beyond the header line");
    send(message("quotbal"));
    ASSERT_THAT(near.statuses(), ElementsAre(400));
    EXPECT_EQ(near.last_response()->from_tag(), "93334");
    EXPECT_EQ(near.last_response()->header(HeaderName::To)->value,
              "\"Mr. J. User <sip:j.user@example.com>");
    expect_nothing_sent_on();
}

// Start lines that need guessing: refused, so that nothing is passed on as it came.
TEST_F(MustNot, ltgtruriLwsruriLwsstartTrws) {
    forbidden("ltgtruri", "forward with the brackets");
    forbidden("lwsruri", "forward with LWS");
    forbidden("lwsstart", "forward the extra SP");
    forbidden("trws", "forward the extra SP");
    for (const std::string name : {"ltgtruri", "lwsruri", "lwsstart", "trws"}) {
        near.forget();
        send(message(name));
        EXPECT_THAT(near.statuses(), ElementsAre(400)) << name;
    }
    expect_nothing_sent_on();
    EXPECT_EQ(counters().faults_answered, 4U);
}

TEST_F(MustNot, escruri) {
    forbidden("escruri", "copy ?Route=... into the R-URI sent on or into real headers");
    send(message("escruri"));
    EXPECT_THAT(near.statuses(), ElementsAre(400));
    expect_nothing_sent_on();
    EXPECT_THAT(std::string(near.last_response()->bytes()), Not(HasSubstr("Route")));
}

TEST_F(RegistrarMustNot, regbadct) {
    forbidden("regbadct", "register a contact with the escaped header as real Route");
    EXPECT_EQ(do_register(message("regbadct"), "user"), 400);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

TEST_F(MustNot, baddn) {
    forbidden("baddn", "propagate the unquoted display name");
    send(message("baddn"));
    send(torture_message("baddn.fixed.dat"));
    EXPECT_THAT(near.statuses(), Each(400));
    expect_nothing_sent_on();
}

TEST_F(MustNot, badvers) {
    forbidden("badvers", "400 (allowed by nobody, but seen)");
    send(message("badvers"));
    EXPECT_THAT(near.statuses(), ElementsAre(505));
    EXPECT_TRUE(near.last_response()->bytes().starts_with("SIP/2.0 505 Version Not Supported\r\n"));
    expect_nothing_sent_on();
}

TEST_F(MustNot, mismatch01AndMismatch02) {
    forbidden("mismatch01", "process");
    forbidden("mismatch02", "process");
    send(message("mismatch01"));
    send(message("mismatch02"));
    EXPECT_THAT(near.statuses(), ElementsAre(400, 400));
    EXPECT_EQ(counters().faults_answered, 2U);
    expect_nothing_sent_on();
}

// Two requests under the empty branch: each is refused for itself, and neither has a transaction.
TEST_F(MustNot, badbranch) {
    forbidden("badbranch", "merge unrelated transactions under the empty branch");
    near.send(to_near, message("badbranch"));
    near.send(to_near, replaced(message("badbranch"), "Call-ID: ", "Call-ID: another-"));
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(400, 400));
    EXPECT_EQ(border.sbc().shard().transactions().server_count(), 0U);
    expect_nothing_sent_on();
}

TEST_F(MustNot, unkscm) {
    forbidden("unkscm", "route by To");
    send(message("unkscm"));
    EXPECT_THAT(near.statuses(), ElementsAre(416));
    expect_nothing_sent_on();
}

TEST_F(MustNot, bext01) {
    forbidden("bext01", "omit Unsupported");
    send(message("bext01"));
    ASSERT_THAT(near.statuses(), ElementsAre(420));
    EXPECT_THAT(near.last_response()->values(HeaderName::Unsupported),
                ElementsAre("nothingSupportsThis", "nothingSupportsThisEither",
                            "noProxiesSupportThis", "norDoAnyProxiesSupportThis"));
    expect_nothing_sent_on();
}

TEST_F(MustNot, invut) {
    forbidden("invut", "parse the body as SDP");
    send(message("invut"));
    const auto invite = sent_on();
    ASSERT_NE(invite, nullptr);
    EXPECT_EQ(invite->body(), body_of(message("invut")));
    EXPECT_EQ(invite->content_type(), "application/unknownformat");
}

TEST_F(RegistrarMustNot, regaut01) {
    forbidden("regaut01", "500");
    phone.send(to_phones, message("regaut01"));
    run();
    ASSERT_THAT(phone.statuses(), ElementsAre(401));
    EXPECT_NE(phone.last_response()->header(HeaderName::WwwAuthenticate), nullptr);
    EXPECT_EQ(counted("challenged", "authenticate"), 1U);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
}

TEST_F(MustNot, multi01AndMcl01) {
    forbidden("multi01", "use the last/first silently");
    forbidden("mcl01", "pick one");
    send(message("multi01"));
    send(message("mcl01"));
    EXPECT_THAT(near.statuses(), ElementsAre(400, 400));
    expect_nothing_sent_on();
    // On a stream nobody knows where the second ends: nothing behind it is read.
    const FlowId connection = near.connect(to_near);
    near.forget();
    near.stream(connection, message("mcl01") + Request{}.text());
    run();
    EXPECT_THAT(near.statuses(), ElementsAre(400));
    EXPECT_TRUE(near.is_closed(connection));
    expect_nothing_sent_on();
}

// With a branch of ours on top: RFC 3261 §8.1.3.3 has it dropped for its second Via.
TEST_F(MustNot, bcast) {
    forbidden("bcast", "send anything to 255.255.255.255");
    far.answer = [](const sip::Message& request) { return in_answer_to(request, "bcast"); };
    send(Request{.method = "INVITE"}.text());
    EXPECT_THAT(near.statuses(), IsEmpty());
    EXPECT_GT(counters().strays, 0U);
    run(40s);
    EXPECT_THAT(near.statuses(), ElementsAre(408));
    for (const auto& packet : net.packets()) {
        EXPECT_FALSE(packet.to.address.is_broadcast_or_multicast());
    }
}

TEST_F(MustNot, zeromf) {
    forbidden("zeromf", "forward");
    send(message("zeromf"));
    EXPECT_THAT(near.statuses(), ElementsAre(483));
    expect_nothing_sent_on();
}

TEST_F(RegistrarMustNot, cparam01) {
    forbidden("cparam01", "echo unknownparam inside <>");
    EXPECT_EQ(do_register(message("cparam01"), "watson"), 200);
    ASSERT_THAT(bindings("watson@example.com"), SizeIs(1));
    EXPECT_EQ(bindings("watson@example.com")[0].contact, "sip:+19725552222@gw1.example.net");
    const auto contacts = sip::parse_contacts(*phone.last_response());
    ASSERT_TRUE(contacts && contacts->list.size() == 1);
    EXPECT_EQ(contacts->list[0].address.uri.text, "sip:+19725552222@gw1.example.net");
}

TEST_F(RegistrarMustNot, cparam02) {
    forbidden("cparam02", "lose unknownparam from the URI");
    EXPECT_EQ(do_register(message("cparam02"), "watson"), 200);
    const auto contacts = sip::parse_contacts(*phone.last_response());
    ASSERT_TRUE(contacts && contacts->list.size() == 1);
    EXPECT_EQ(contacts->list[0].address.uri.text, "sip:+19725552222@gw1.example.net;unknownparam");
}

TEST_F(RegistrarMustNot, regescrt) {
    forbidden("regescrt", "lose ?Route=... from the binding");
    EXPECT_EQ(do_register(message("regescrt"), "user"), 200);
    ASSERT_THAT(bindings("user@example.com"), SizeIs(1));
    EXPECT_EQ(bindings("user@example.com")[0].contact,
              "sip:user@example.com?Route=%3Csip:sip.example.com%3E");
    // Whoever calls that contact sends neither the header nor an URI with it.
    near.send(to_near, Request{.method = "INVITE"}.text());
    run();
    ASSERT_THAT(phone.requests("INVITE"), SizeIs(1));
    const auto invite = phone.requests("INVITE")[0];
    EXPECT_EQ(invite->request_uri_text(), "sip:user@example.com");
    EXPECT_THAT(std::string(invite->bytes()), Not(HasSubstr("Route")));
}

TEST_F(MustNot, sdp01) {
    forbidden("sdp01", "answer with SDP body");
    send(message("sdp01"));
    EXPECT_THAT(sent_on()->values(HeaderName::Accept), ElementsAre("text/nobodyKnowsThis"));
    ASSERT_THAT(near.statuses(), ElementsAre(406));
    EXPECT_EQ(near.last_response()->body(), "");
}

TEST_F(MustNot, inv2543) {
    forbidden("inv2543", "crash on missing branch/From tag/Max-Forwards/CL");
    send(message("inv2543"));
    EXPECT_THAT(near.statuses(), ElementsAre(400));
    net.settle();
    near.forget();
    // With a Contact it is a call like any other.
    send(replaced(replaced(message("inv2543"), "CSeq: 56", "CSeq: 57"),
                  "Record-Route: <sip:UserB@example.com",
                  "Contact: <sip:caller@192.0.2.30>\r\nRecord-Route: <sip:UserB@example.com"));
    EXPECT_THAT(near.statuses(), ElementsAre(200));
    EXPECT_EQ(sent_on()->max_forwards(), 69U);
}

}  // namespace
}  // namespace ringwall::test
