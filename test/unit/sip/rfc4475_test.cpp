// The torture messages of RFC 4475: what the message layer says of each. What a border controller
// answers stands in the torture suite; what it must not do is asserted here as far as it can be
// seen at this level.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "base/text.h"
#include "sip/framing/stream_framer.h"
#include "sip/header/contact.h"
#include "sip/header/retry_after.h"
#include "sip/header/warning.h"
#include "sip/message.h"
#include "sip/message_builder.h"

namespace ringwall::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string folder = std::string(TEST_DATA) + "/torture/rfc4475/";

std::string read(const std::string& file) {
    std::ifstream in(folder + file, std::ios::binary);
    EXPECT_TRUE(in) << file;
    return {std::istreambuf_iterator<char>(in), {}};
}

Parsed parse(const std::string& name, Framing framing = Framing::Datagram) {
    return Message::parse(read(name + ".dat"), framing);
}

// A message that is read without a fault.
MessagePtr good(const std::string& name) {
    Parsed parsed = parse(name);
    EXPECT_FALSE(parsed.fault) << name << ": " << to_string(parsed.fault->fault);
    return parsed.message;
}

// A message that is refused: for a request, the reply that its sender gets.
MessagePtr refused(const std::string& name, ParseFault fault, int status) {
    const Parsed parsed = parse(name);
    EXPECT_NE(parsed.message, nullptr) << name;
    EXPECT_TRUE(parsed.fault) << name << " is read";
    if (!parsed.fault) {
        return parsed.message;
    }
    EXPECT_EQ(to_string(parsed.fault->fault), to_string(fault)) << name;
    EXPECT_EQ(parsed.fault->status(), status) << name;
    EXPECT_TRUE(parsed.message->is_request()) << name;
    return reply(*parsed.message, parsed.fault->status(), "tag", parsed.fault->reason()).build();
}

// A response with a fault is dropped: there is nothing to answer.
void dropped(const std::string& name, ParseFault fault) {
    const Parsed parsed = parse(name);
    ASSERT_NE(parsed.message, nullptr) << name;
    EXPECT_FALSE(parsed.message->is_request()) << name;
    ASSERT_TRUE(parsed.fault) << name << " is read";
    EXPECT_EQ(to_string(parsed.fault->fault), to_string(fault)) << name;
}

std::vector<StreamFramer::Event> over_stream(const std::string& name) {
    StreamFramer framer;
    framer.feed(read(name + ".dat"));
    std::vector<StreamFramer::Event> events;
    while (auto event = framer.next()) {
        events.push_back(std::move(*event));
    }
    return events;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return hex({reinterpret_cast<const char*>(digest.data()), size});
}

TEST(Rfc4475, MessagesAreBitExact) {
    std::istringstream sums(read("SHA256SUMS"));
    std::string sum;
    std::string file;
    std::set<std::string> seen;
    while (sums >> sum >> file) {
        EXPECT_EQ(sha256(read(file)), sum) << file;
        seen.insert(file);
    }
    EXPECT_EQ(seen.size(), 51U);  // the 49, baddn.fixed.dat and test.dat
}

// --- 3.1.1 Valid messages ---

TEST(Rfc4475, Section3_1_1_1_wsinv) {
    const MessagePtr m = good("wsinv");
    EXPECT_EQ(m->method(), Method::Invite);
    EXPECT_EQ(m->request_uri().user, "vivekg");
    EXPECT_TRUE(m->request_uri().parameters.has("unknownparam"));
    EXPECT_EQ(m->to().uri.text, "sip:vivekg@chair-dnrc.example.com");
    EXPECT_EQ(m->to_tag(), "1918181833n");
    EXPECT_EQ(m->from().display_name, R"("J Rosenberg \\\"")");
    EXPECT_EQ(m->from().uri.text, "sip:jdrosen@example.com");
    EXPECT_EQ(m->from_tag(), "98asjd8");
    EXPECT_EQ(m->max_forwards(), 68U);
    EXPECT_EQ(m->call_id(), "wsinv.ndaksdj@192.0.2.1");
    EXPECT_EQ(m->cseq().number, 9U);
    EXPECT_EQ(m->cseq().method, Method::Invite);
    EXPECT_EQ(m->top_via().transport, Transport::Udp);
    EXPECT_EQ(m->top_via().host, "192.0.2.2");
    EXPECT_EQ(m->top_via().branch(), "390skdjuw");
    EXPECT_FALSE(m->top_via().has_rfc3261_branch());
    ASSERT_EQ(m->values(HeaderName::Via).size(), 3U);
    const auto second = parse_via(m->values(HeaderName::Via)[1]);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->transport, Transport::Tcp);
    EXPECT_EQ(second->host, "spindle.example.com");
    EXPECT_EQ(second->branch(), "z9hG4bK9ikj8");
    EXPECT_EQ(parse_via(m->values(HeaderName::Via)[2])->branch(), "z9hG4bK30239");
    EXPECT_EQ(m->header(HeaderName::Subject)->value, "");
    EXPECT_EQ(m->header("NewFangledHeader")->value, "newfangled value continued newfangled value");
    EXPECT_EQ(m->header("UnknownHeaderWithUnusualValue")->value, ";;,,;;,;");
    EXPECT_EQ(m->header("UnknownHeaderWithUnusualValue")->raw,
              "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n");
    const auto routes = m->name_addrs(HeaderName::Route);
    ASSERT_TRUE(routes);
    ASSERT_EQ(routes->size(), 1U);
    EXPECT_TRUE(routes->front().uri.parameters.has("lr"));
    EXPECT_EQ(routes->front().uri.parameters.find("unknownwith"), "value");
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->list.size(), 1U);
    EXPECT_EQ(contacts->list[0].address.display_name, R"("Quoted string \"\"")");
    EXPECT_EQ(contacts->list[0].address.parameters.find("newparam"), "newvalue");
    EXPECT_TRUE(contacts->list[0].address.parameters.has("secondparam"));
    EXPECT_EQ(contacts->list[0].q, 330);
    EXPECT_EQ(m->body().size(), 150U);
}

TEST(Rfc4475, Section3_1_1_2_intmeth) {
    const MessagePtr m = good("intmeth");
    EXPECT_EQ(m->method(), Method::Unknown);
    EXPECT_EQ(m->method_text(), "!interesting-Method0123456789_*+`.%indeed'~");
    EXPECT_EQ(m->cseq().method_text, m->method_text());
    EXPECT_EQ(m->cseq().number, 139122385U);
    EXPECT_EQ(m->request_uri().user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    EXPECT_EQ(m->request_uri().password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    EXPECT_EQ(m->request_uri().host, "example.com");
    EXPECT_EQ(m->top_via().branch(), "z9hG4bK-.!%66*_+`'~");
    // The quoted NUL ends nothing.
    EXPECT_THAT(std::string(m->to().display_name),
                EndsWith(std::string("NUL:\\\0 DEL:\\\x7f\"", 14)));
    EXPECT_EQ(m->to().uri.host, "example.com");
    EXPECT_EQ(m->from().display_name, "token1~` token2'+_ token3*%!.-");
    EXPECT_EQ(m->from_tag(), "_token~1'+`*%!-.");
    EXPECT_EQ(m->from().parameters.find("fromParam''~+*_!.-%")->size(), 22U);  // UTF-8 in quotes
    EXPECT_EQ(m->call_id(), "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    EXPECT_EQ(m->max_forwards(), 255U);
    EXPECT_EQ(m->header("extensionHeader-!.%*+_`'~")->value.size(), 12U);
}

TEST(Rfc4475, Section3_1_1_3_esc01) {
    const MessagePtr m = good("esc01");
    EXPECT_EQ(unescape(m->request_uri().user), "sips:user@example.com");
    EXPECT_EQ(m->request_uri().host, "example.net");
    EXPECT_EQ(m->request_uri().scheme, Scheme::Sip);
    EXPECT_EQ(unescape(m->to().uri.user), "user");
    EXPECT_EQ(unescape(m->from().uri.user), "I have spaces");
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->list.size(), 1U);
    const Uri& uri = contacts->list[0].address.uri;
    EXPECT_EQ(unescape(uri.user), "caller");
    EXPECT_TRUE(uri.parameters.has("lr"));
    EXPECT_EQ(unescape(*uri.parameters.find("name")), "value%41");  // once, not "valueA"
    EXPECT_EQ(m->content_type(), "application/sdp");
}

TEST(Rfc4475, Section3_1_1_4_escnull) {
    const MessagePtr m = good("escnull");
    EXPECT_EQ(address_of_record(m->to().uri), std::string("null-\0-null@example.com", 23));
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->list.size(), 2U);
    EXPECT_FALSE(equivalent(contacts->list[0].address.uri, contacts->list[1].address.uri));
}

TEST(Rfc4475, Section3_1_1_5_esc02) {
    const MessagePtr m = good("esc02");
    EXPECT_EQ(m->method(), Method::Unknown);
    EXPECT_EQ(m->method_text(), "RE%47IST%45R");
    EXPECT_EQ(m->to().display_name, "\"%Z%45\"");
    EXPECT_EQ(m->top_via().branch(), "z9hG4bK209%fzsnel234");
    const auto contacts = m->name_addrs(HeaderName::Contact);
    ASSERT_TRUE(contacts);
    ASSERT_EQ(contacts->size(), 2U);
    EXPECT_EQ((*contacts)[0].uri.user, "alias1");
    EXPECT_EQ((*contacts)[1].uri.user, "alias3");
    EXPECT_NE(m->header("C%6Fntact"), nullptr);
}

TEST(Rfc4475, Section3_1_1_6_lwsdisp) {
    const MessagePtr m = good("lwsdisp");
    EXPECT_EQ(m->from().display_name, "caller");
    EXPECT_EQ(m->from().uri.text, "sip:caller@example.com");
    EXPECT_EQ(m->from_tag(), "323");
}

TEST(Rfc4475, Section3_1_1_7_longreq) {
    const MessagePtr m = good("longreq");
    EXPECT_EQ(m->bytes().size(), 3515U);
    EXPECT_EQ(m->values(HeaderName::Via).size(), 34U);
    EXPECT_EQ(m->top_via().host, "sip33.example.com");
    EXPECT_EQ(m->from_tag().size(), 155U);
    EXPECT_THAT(std::string(m->call_id()), EndsWith("reallylongcallid"));
    EXPECT_EQ(m->cseq().number, 3882340U);
    const auto last = parse_via(m->values(HeaderName::Via).back());
    ASSERT_TRUE(last);
    EXPECT_EQ(last->received(), IpAddress::parse("192.0.2.5"));
    EXPECT_THAT(std::string(last->branch()), EndsWith("longbranchvalue"));
    EXPECT_EQ(m->body().size(), 150U);
    const MessagePtr response = reply(*m, 486, "tag").build();
    EXPECT_EQ(response->values(HeaderName::Via), m->values(HeaderName::Via));
    EXPECT_EQ(response->from_tag(), m->from_tag());
    EXPECT_EQ(response->call_id(), m->call_id());
}

TEST(Rfc4475, Section3_1_1_8_dblreq) {
    const MessagePtr m = good("dblreq");
    EXPECT_EQ(m->method(), Method::Register);
    EXPECT_EQ(m->body(), "");
    EXPECT_THAT(std::string(m->bytes()), Not(HasSubstr("INVITE")));  // the rest is gone
    EXPECT_EQ(parse_contacts(*m)->list.size(), 1U);

    std::vector<MessagePtr> stream;
    for (const StreamFramer::Event& event : over_stream("dblreq")) {
        if (const auto* whole = std::get_if<StreamFramer::WholeMessage>(&event)) {
            Parsed parsed = Message::parse(whole->bytes, Framing::Stream);
            EXPECT_FALSE(parsed.fault);
            stream.push_back(parsed.message);
        }
    }
    ASSERT_EQ(stream.size(), 2U);  // over a connection the second one is as good as the first
    EXPECT_EQ(stream[0]->bytes(), m->bytes());
    EXPECT_EQ(stream[1]->method(), Method::Invite);
    EXPECT_EQ(stream[1]->to().uri.user, "joe");
    EXPECT_EQ(stream[1]->body().size(), 150U);
}

TEST(Rfc4475, Section3_1_1_9_semiuri) {
    const MessagePtr m = good("semiuri");
    EXPECT_EQ(unescape(m->request_uri().user), "user;par=u@example.net");
    EXPECT_EQ(m->request_uri().host, "example.com");
    EXPECT_FALSE(m->request_uri().parameters.has("par"));
    EXPECT_EQ(m->values(HeaderName::Accept).size(), 6U);
}

TEST(Rfc4475, Section3_1_1_10_transports) {
    const MessagePtr m = good("transports");
    EXPECT_EQ(m->top_via().transport, Transport::Udp);
    std::vector<std::string> transports;
    for (const std::string_view value : m->values(HeaderName::Via)) {
        const auto via = parse_via(value);
        ASSERT_TRUE(via);
        transports.emplace_back(via->transport_text);
    }
    EXPECT_THAT(transports, ElementsAre("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"));
}

TEST(Rfc4475, Section3_1_1_11_mpart01) {
    const MessagePtr m = good("mpart01");
    EXPECT_EQ(m->method(), Method::Message);
    EXPECT_EQ(m->body().size(), 553U);
    EXPECT_NE(m->body().find('\0'), std::string_view::npos);
    EXPECT_TRUE(m->body().ends_with("--7a9cbec02ceef655--\r\n"));
    EXPECT_EQ(m->content_type(), "multipart/mixed");
    EXPECT_TRUE(m->top_via().parameters.has("rport"));
    EXPECT_EQ(m->name_addrs(HeaderName::Route)->front().uri.port, 5080);
    const auto events = over_stream("mpart01");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<StreamFramer::WholeMessage>(events[0]).bytes, m->bytes());
}

TEST(Rfc4475, Section3_1_1_12_unreason) {
    const MessagePtr m = good("unreason");
    EXPECT_EQ(m->status(), 200);
    EXPECT_TRUE(m->reason().starts_with("= 2**3 * 5**2 \xd0\xbd"));
    EXPECT_EQ(m->body().size(), 154U);
}

TEST(Rfc4475, Section3_1_1_13_noreason) {
    const MessagePtr m = good("noreason");
    EXPECT_EQ(m->status(), 100);
    EXPECT_EQ(m->reason(), "");
}

// --- 3.1.2 Invalid messages ---

TEST(Rfc4475, Section3_1_2_1_badinv01) {
    refused("badinv01", ParseFault::BadVia, 400);
    EXPECT_FALSE(parse("badinv01").message->name_addrs(HeaderName::Contact));  // ;;;; as well
}

TEST(Rfc4475, Section3_1_2_2_clerr) {
    refused("clerr", ParseFault::Incomplete, 400);
    EXPECT_EQ(parse("clerr").message->body().size(), 154U);  // not beyond the datagram
    EXPECT_TRUE(over_stream("clerr").empty());               // waits; its owner closes in time
}

TEST(Rfc4475, Section3_1_2_3_ncl) {
    refused("ncl", ParseFault::BadContentLength, 400);
    const auto events = over_stream("ncl");
    ASSERT_EQ(events.size(), 1U);
    const auto& broken = std::get<StreamFramer::Broken>(events[0]);
    EXPECT_EQ(broken.error.status(), 400);
    EXPECT_EQ(Message::parse(broken.head, Framing::Stream).message->method(), Method::Invite);
}

TEST(Rfc4475, Section3_1_2_4_scalar02) {
    refused("scalar02", ParseFault::BadCSeq, 400);
    const MessagePtr m = parse("scalar02").message;
    EXPECT_EQ(m->cseq().number, 0U);  // nothing that was cut to 32 bits
    EXPECT_EQ(m->max_forwards(), std::nullopt);
    EXPECT_EQ(m->expires(), std::nullopt);
    EXPECT_FALSE(parse_contacts(*m));
}

TEST(Rfc4475, Section3_1_2_5_scalarlg) {
    dropped("scalarlg", ParseFault::BadCSeq);
    const MessagePtr m = parse("scalarlg").message;
    EXPECT_EQ(m->cseq().number, 0U);
    EXPECT_FALSE(parse_retry_after(m->header(HeaderName::RetryAfter)->value));
    EXPECT_FALSE(parse_warning(m->header(HeaderName::Warning)->value));
}

TEST(Rfc4475, Section3_1_2_6_quotbal) {
    refused("quotbal", ParseFault::BadNameAddr, 400);
    const MessagePtr m = parse("quotbal").message;
    EXPECT_EQ(m->header(HeaderName::To)->value, "\"Mr. J. User <sip:j.user@example.com>");
    EXPECT_EQ(m->from_tag(), "93334");  // the line after it is untouched
}

TEST(Rfc4475, Section3_1_2_7_ltgtruri) {
    refused("ltgtruri", ParseFault::BadUri, 400);
}

TEST(Rfc4475, Section3_1_2_8_lwsruri) {
    refused("lwsruri", ParseFault::BadUri, 400);
}

TEST(Rfc4475, Section3_1_2_9_lwsstart) {
    refused("lwsstart", ParseFault::BadStartLine, 400);
}

TEST(Rfc4475, Section3_1_2_10_trws) {
    refused("trws", ParseFault::BadStartLine, 400);
}

TEST(Rfc4475, Section3_1_2_11_escruri) {
    const MessagePtr response = refused("escruri", ParseFault::BadUri, 400);
    EXPECT_EQ(response->header(HeaderName::Route), nullptr);
    EXPECT_EQ(parse("escruri").message->header(HeaderName::Route), nullptr);
}

// A Date is of no use to us: it is passed on as it came.
TEST(Rfc4475, Section3_1_2_12_baddate) {
    EXPECT_EQ(good("baddate")->header(HeaderName::Date)->value, "Fri, 01 Jan 2010 16:00:00 EST");
}

TEST(Rfc4475, Section3_1_2_13_regbadct) {
    refused("regbadct", ParseFault::BadNameAddr, 400);
    EXPECT_FALSE(parse_contacts(*parse("regbadct").message));
}

TEST(Rfc4475, Section3_1_2_14_badaspec) {
    refused("badaspec", ParseFault::BadUri, 400);
}

TEST(Rfc4475, Section3_1_2_15_baddn) {
    refused("baddn", ParseFault::Incomplete, 400);  // the archive's copy has no empty line
    refused("baddn.fixed", ParseFault::BadUri, 400);
    const MessagePtr m = parse("baddn.fixed").message;
    EXPECT_EQ(m->from().display_name, "");
    EXPECT_EQ(m->to().display_name, "");
}

TEST(Rfc4475, Section3_1_2_16_badvers) {
    refused("badvers", ParseFault::BadVersion, 505);
}

TEST(Rfc4475, Section3_1_2_17_mismatch01) {
    refused("mismatch01", ParseFault::MethodMismatch, 400);
}

TEST(Rfc4475, Section3_1_2_18_mismatch02) {
    refused("mismatch02", ParseFault::MethodMismatch, 400);
}

TEST(Rfc4475, Section3_1_2_19_bigcode) {
    dropped("bigcode", ParseFault::BadStartLine);
    EXPECT_EQ(parse("bigcode").message->status(), 0);  // not 5, 4294967301 modulo 2**32
}

// --- 3.2 Transaction layer ---

TEST(Rfc4475, Section3_2_1_badbranch) {
    refused("badbranch", ParseFault::BadVia, 400);
    EXPECT_FALSE(
        parse("badbranch").message->top_via().has_rfc3261_branch());  // nothing to match by
}

// --- 3.3 Application layer ---

TEST(Rfc4475, Section3_3_1_insuf) {
    const MessagePtr response = refused("insuf", ParseFault::MissingHeader, 400);
    EXPECT_EQ(response->header(HeaderName::CallId), nullptr);
    EXPECT_EQ(response->header(HeaderName::CSeq)->value, "193942 INVITE");
}

TEST(Rfc4475, Section3_3_2_unkscm) {
    refused("unkscm", ParseFault::UnknownScheme, 416);
}

TEST(Rfc4475, Section3_3_3_novelsc) {
    refused("novelsc", ParseFault::UnknownScheme, 416);
}

// The layers above see the scheme and refuse: the syntax is good.
TEST(Rfc4475, Section3_3_4_unksm2) {
    const MessagePtr m = good("unksm2");
    EXPECT_EQ(m->to().uri.scheme, Scheme::Other);
    EXPECT_EQ(m->to().uri.text, "isbn:2983792873");
    EXPECT_EQ(m->from().uri.scheme, Scheme::Other);
    EXPECT_EQ(m->from_tag(), "3234233");
    EXPECT_EQ(parse_contacts(*m)->list[0].address.uri.scheme, Scheme::Other);
}

TEST(Rfc4475, Section3_3_5_bext01) {
    const MessagePtr m = good("bext01");
    EXPECT_THAT(m->values(HeaderName::Require),
                ElementsAre("nothingSupportsThis", "nothingSupportsThisEither"));
    EXPECT_THAT(m->values(HeaderName::ProxyRequire),
                ElementsAre("noProxiesSupportThis", "norDoAnyProxiesSupportThis"));
}

TEST(Rfc4475, Section3_3_6_invut) {
    const MessagePtr m = good("invut");
    EXPECT_EQ(m->content_type(), "application/unknownformat");
    EXPECT_EQ(m->body().size(), 40U);
}

TEST(Rfc4475, Section3_3_7_regaut01) {
    EXPECT_EQ(good("regaut01")->header(HeaderName::Authorization)->value,
              "NoOneKnowsThisScheme opaque-data=here");
}

TEST(Rfc4475, Section3_3_8_multi01) {
    refused("multi01", ParseFault::DuplicateHeader, 400);
}

TEST(Rfc4475, Section3_3_9_mcl01) {
    refused("mcl01", ParseFault::DuplicateHeader, 400);
    const auto events = over_stream("mcl01");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<StreamFramer::Broken>(events[0]).error.fault, ParseFault::DuplicateHeader);
}

// A response with two Vias is not for a user agent: the layer above drops it by this count.
TEST(Rfc4475, Section3_3_10_bcast) {
    const MessagePtr m = good("bcast");
    EXPECT_EQ(m->status(), 200);
    ASSERT_EQ(m->values(HeaderName::Via).size(), 2U);
    EXPECT_TRUE(IpAddress::parse(parse_via(m->values(HeaderName::Via)[1])->host)
                    ->is_broadcast_or_multicast());
}

TEST(Rfc4475, Section3_3_11_zeromf) {
    EXPECT_EQ(good("zeromf")->max_forwards(), 0U);
}

TEST(Rfc4475, Section3_3_12_cparam01) {
    const MessagePtr m = good("cparam01");
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    EXPECT_EQ(contacts->list[0].address.uri.text, "sip:+19725552222@gw1.example.net");
    EXPECT_TRUE(contacts->list[0].address.parameters.has("unknownparam"));
}

TEST(Rfc4475, Section3_3_13_cparam02) {
    const MessagePtr m = good("cparam02");
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    EXPECT_EQ(contacts->list[0].address.uri.text, "sip:+19725552222@gw1.example.net;unknownparam");
    EXPECT_FALSE(contacts->list[0].address.parameters.has("unknownparam"));
}

TEST(Rfc4475, Section3_3_14_regescrt) {
    const auto m = good("regescrt");
    const auto contacts = parse_contacts(*m);
    ASSERT_TRUE(contacts);
    EXPECT_EQ(contacts->list[0].address.uri.headers, "Route=%3Csip:sip.example.com%3E");
    EXPECT_EQ(m->header(HeaderName::Route), nullptr);
    EXPECT_EQ(with_scheme(contacts->list[0].address.uri, Scheme::Sip), "sip:user@example.com");
}

TEST(Rfc4475, Section3_3_15_sdp01) {
    EXPECT_THAT(good("sdp01")->values(HeaderName::Accept), ElementsAre("text/nobodyKnowsThis"));
}

// --- 3.4 Backward compatibility: processed ---

TEST(Rfc4475, Section3_4_1_inv2543) {
    const MessagePtr m = good("inv2543");
    EXPECT_EQ(m->top_via().branch(), "");
    EXPECT_EQ(m->from_tag(), "");
    EXPECT_EQ(m->max_forwards(), std::nullopt);
    EXPECT_EQ(m->to().parameters.find("user"), "phone");  // no <>: the header's
    EXPECT_EQ(m->name_addrs(HeaderName::RecordRoute)->front().uri.parameters.find("maddr"),
              "ss1.example.com");
    EXPECT_EQ(m->body().size(), 105U);
}

// A leftover in the archive, no message of the document.
TEST(Rfc4475, LeftoverWithoutVersionIsNotSip) {
    EXPECT_EQ(parse("test").message, nullptr);
    EXPECT_EQ(parse("test", Framing::Stream).message, nullptr);
}

}  // namespace
}  // namespace ringwall::sip
