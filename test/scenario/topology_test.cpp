// Nothing of one side is seen on the other: a checker over every packet of whole flows. The secrets
// of a side are read from what goes over its own wire, so nobody has to remember to list one.
#include <cctype>
#include <set>

#include "scenario/border.h"
#include "sip/message_builder.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;

using Packets = std::vector<SimNetwork::Packet>;

struct Secrets {
    std::set<std::string> words;  // Call-IDs, tags, branches, user@host of Contacts, Record-Routes
    std::set<std::string> hosts;  // of Via, Contact and Record-Route; addresses
};

sip::MessagePtr parsed(const SimNetwork::Packet& packet) {
    return sip::Message::parse(packet.bytes,
                               packet.is_datagram ? sip::Framing::Datagram : sip::Framing::Stream)
        .message;
}

// `shared` are hosts that a side may know of the other: the domains by which people call each
// other.
Secrets secrets_of(const Packets& packets, const std::set<std::string>& shared) {
    Secrets secrets;
    const auto add_host = [&](std::string_view host) {
        if (!shared.contains(std::string(host))) {
            secrets.hosts.emplace(host);
        }
    };
    for (const auto& packet : packets) {
        secrets.hosts.insert(packet.from.address.to_string());
        secrets.hosts.insert(packet.to.address.to_string());
        const auto message = parsed(packet);
        if (message == nullptr) {
            continue;
        }
        secrets.words.emplace(message->call_id());
        for (const auto tag : {message->from_tag(), message->to_tag()}) {
            if (!tag.empty()) {
                secrets.words.emplace(tag);
            }
        }
        add_host(message->top_via().host);
        secrets.words.emplace(message->top_via().branch());
        for (const auto name : {sip::HeaderName::Contact, sip::HeaderName::RecordRoute}) {
            const auto addresses = message->name_addrs(name);
            for (const auto& each : addresses.value_or(std::vector<sip::NameAddr>{})) {
                add_host(each.uri.host);
            }
        }
    }
    return secrets;
}

bool is_part_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
}

// As a word of its own: 192.0.2.2 is not in 192.0.2.20.
bool names(const std::string& text, const std::string& word) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const auto end = at + word.size();
        if ((at == 0 || !is_part_of_word(text[at - 1])) &&
            (end == text.size() || !is_part_of_word(text[end]))) {
            return true;
        }
    }
    return false;
}

void expect_hidden(const Secrets& secrets, const Packets& packets) {
    for (const auto& packet : packets) {
        for (const auto& words : {secrets.words, secrets.hosts}) {
            for (const auto& word : words) {
                EXPECT_FALSE(names(packet.bytes, word)) << word << " is in\n" << packet.bytes;
            }
        }
    }
}

class Topology : public SmallLab {
protected:
    void SetUp() override {
        register_phones();
        for (Phone* phone : {&alice, &bob, &softswitch, &outside}) {
            // Media passes by: its address is no secret of the signalling.
            phone->offer =
                "v=0\r\no=- 1 1 IN IP4 198.51.100.9\r\ns=-\r\n"
                "c=IN IP4 198.51.100.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
        }
        begin_ = net.packets().size();
    }
    Packets since_begin(Phone& phone) {
        Packets out;
        for (std::size_t i = begin_; i < net.packets().size(); ++i) {
            const auto& packet = net.packets()[i];
            if (packet.from.address == phone.node().address() ||
                packet.to.address == phone.node().address()) {
                out.push_back(packet);
            }
        }
        return out;
    }
    void expect_both_hidden(Phone& one, Phone& other) {
        const std::set<std::string> shared{"example.com"};
        const Packets a = since_begin(one);
        const Packets b = since_begin(other);
        ASSERT_GT(a.size(), 2U);
        ASSERT_GT(b.size(), 2U);
        expect_hidden(secrets_of(a, shared), b);
        expect_hidden(secrets_of(b, shared), a);
    }
    std::size_t begin_ = 0;
};

TEST_F(Topology, TheCheckerSeesWhatIsThere) {
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    alice.bye();
    net.run_for(1s);
    const Packets packets = since_begin(alice);
    const Secrets secrets = secrets_of(packets, {"example.com"});
    EXPECT_GE(secrets.words.size(), 5U);  // Call-ID, two tags, branches of INVITE, ACK and BYE
    EXPECT_TRUE(secrets.hosts.contains("border.example.com"));
    EXPECT_TRUE(secrets.hosts.contains("192.0.2.11"));
    for (const auto& word : {*secrets.words.begin(), std::string("192.0.2.11")}) {
        EXPECT_TRUE(std::any_of(packets.begin(), packets.end(),
                                [&](const auto& packet) { return names(packet.bytes, word); }));
    }
    EXPECT_FALSE(names("Contact: <sip:192.0.2.111>", "192.0.2.11"));
}

TEST_F(Topology, IsHiddenInAWholeCall) {
    softswitch.record_route = "<sip:proxy.inner.example.net;lr>, <sip:192.0.2.21;lr>";
    softswitch.on_invite = Phone::OnInvite::EarlyMedia;
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    softswitch.ring(180, "fork-a");
    net.run_for(1s);
    softswitch.answer("fork-a");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call() && !softswitch.acks().empty(); }));
    alice.reinvite();
    net.run_for(1s);
    softswitch.reinvite();
    net.run_for(1s);
    alice.in_dialog(sip::Method::Info);
    net.run_for(1s);
    softswitch.in_dialog(sip::Method::Update);
    net.run_for(1s);
    softswitch.reinvite_status = 488;
    alice.reinvite();
    net.run_for(1s);
    softswitch.bye();
    net.run_for(1s);
    EXPECT_EQ(alice.count("BYE"), 1U);
    expect_both_hidden(alice, softswitch);
}

TEST_F(Topology, IsHiddenFromTheOutside) {
    outside.invite("sip:9001@192.0.2.3");  // our own address: the softswitch's on the other side
    ASSERT_TRUE(run_until([&] { return outside.is_in_call() && !softswitch.acks().empty(); }));
    outside.bye();
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("BYE"), 1U);
    expect_both_hidden(outside, softswitch);
}

TEST_F(Topology, IsHiddenInFailures) {
    softswitch.on_invite = Phone::OnInvite::Reject;
    for (const int status : {404, 486, 500, 503, 603}) {
        softswitch.reject_status = status;
        alice.invite("sip:9001@switch.example.com");
        net.run_for(1s);
        EXPECT_GE(alice.statuses("INVITE").back(), 400);
    }
    softswitch.on_invite = Phone::OnInvite::Ring;
    alice.invite("sip:9001@switch.example.com");
    net.run_for(1s);
    alice.cancel();
    net.run_for(1s);
    EXPECT_EQ(softswitch.count("CANCEL"), 1U);
    expect_both_hidden(alice, softswitch);
}

TEST_F(Topology, IsHiddenInWhatIsSaidInTheHeader) {
    alice.send("INVITE", "sip:9001@switch.example.com",
               {{"Contact", alice.contact()},
                {"Warning", "399 192.0.2.11 \"mine\""},
                {"In-Reply-To", "secret-call-id@192.0.2.11"},
                {"Join", "secret-call-id@192.0.2.11;to-tag=1;from-tag=2"},
                {"Target-Dialog", "secret-call-id@192.0.2.11;local-tag=1;remote-tag=2"},
                {"Original-Dialog-ID", "secret-call-id@192.0.2.11;remote-tag=1;local-tag=2"},
                {"Route", "<sip:192.0.2.1;lr>"},
                {"Record-Route", "<sip:192.0.2.99;lr>"},
                {"Path", "<sip:192.0.2.99;lr>"},
                {"Timestamp", "54"}},
               alice.offer);
    ASSERT_TRUE(run_until([&] { return softswitch.count("INVITE") == 1; }));
    net.run_for(1s);
    const std::string heard(softswitch.last_request("INVITE")->bytes());
    EXPECT_FALSE(names(heard, "192.0.2.11"));
    EXPECT_FALSE(names(heard, "192.0.2.99"));
    EXPECT_FALSE(names(heard, "secret-call-id@192.0.2.11"));
    border.sbc().end_all("test");
}

// RFC 3261 §20.35, §20.41: what software a trusted side runs is not told to the outside; between
// trusted sides it helps whoever looks for a fault.
TEST_F(Topology, SoftwareIsNotNamedToTheUntrusted) {
    softswitch.success_fields = {{"Server", "Switch/3"}};
    softswitch.dialog_fields = {{"User-Agent", "Switch/3"}};
    outside.invite_fields = {{"User-Agent", "Outside/1"}};
    outside.invite("sip:9001@192.0.2.3");
    ASSERT_TRUE(run_until([&] { return outside.is_in_call() && !softswitch.acks().empty(); }));
    EXPECT_EQ(softswitch.last_request("INVITE")->header("User-Agent")->value, "Outside/1");
    EXPECT_EQ(outside.last_response("INVITE")->header("Server"), nullptr);
    softswitch.in_dialog(sip::Method::Info);
    ASSERT_TRUE(run_until([&] { return outside.count("INFO") == 1U; }));
    EXPECT_EQ(outside.last_request("INFO")->header("User-Agent"), nullptr);
    outside.bye();
    net.run_for(1s);

    alice.invite_fields = {{"User-Agent", "Phone/2"}};
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.is_in_call(); }));
    EXPECT_EQ(softswitch.last_request("INVITE")->header("User-Agent")->value, "Phone/2");
    EXPECT_EQ(alice.last_response("INVITE")->header("Server")->value, "Switch/3");
    alice.bye();
    net.run_for(1s);
}

// What two neighbours agree on between themselves (RFC 7615 §4, RFC 3329 §2, RFC 5626 §11.3, RFC
// 7315 §4.6) says nothing to the one behind us.
TEST_F(Topology, WhatIsBetweenNeighboursStaysThere) {
    const Phone::Fields fields{{"Contact", alice.contact()},
                               {"Proxy-Authentication-Info", "nextnonce=\"secret\""},
                               {"Security-Client", "tls;q=0.1;secret"},
                               {"Security-Server", "tls;secret"},
                               {"Security-Verify", "tls;secret"},
                               {"Flow-Timer", "11"},
                               {"P-Charging-Vector", "icid-value=secret;orig-ioi=secret.net"},
                               {"P-Charging-Function-Addresses", "ccf=secret.net"},
                               {"X-End-To-End", "passes"}};
    alice.send("MESSAGE", "sip:9001@switch.example.com", fields);
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("MESSAGE"), 1U);
    const auto heard = softswitch.last_request("MESSAGE");
    EXPECT_EQ(heard->header("X-End-To-End")->value, "passes");
    for (const auto& [name, value] : fields) {
        if (name != "X-End-To-End" && name != "Contact") {
            EXPECT_EQ(heard->header(name), nullptr) << name;
        }
    }
}

TEST_F(Topology, IsHiddenOutsideOfDialogs) {
    for (const char* method : {"OPTIONS", "MESSAGE"}) {
        outside.send(method, "sip:9001@192.0.2.3", {});
        net.run_for(1s);
        EXPECT_EQ(softswitch.count(method), 1U);
        EXPECT_EQ(outside.statuses(method), std::vector<int>{200});
    }
    softswitch.in_dialog_status = 404;
    outside.send("OPTIONS", "sip:9001@192.0.2.3", {});
    net.run_for(1s);
    EXPECT_EQ(outside.statuses("OPTIONS").back(), 404);
    expect_both_hidden(outside, softswitch);
}

// ---- what passes, and how often ----------------------------------------------------------------

class Passage : public Trunks {};

TEST_F(Passage, WhatAPeerSaysManyTimesIsSaidOnce) {
    std::string timers = "timer";
    std::string methods = "INFO";
    for (int i = 0; i < 59; ++i) {
        timers += ", timer";
        methods += ", INFO";
    }
    west.send("INVITE", "sip:5001@192.0.2.4",
              {{"Contact", west.contact()},
               {"Supported", timers},
               {"Supported", timers},
               {"Allow", methods},
               {"Allow", methods},
               {"Require", "timer"},
               {"Require", "timer"}},
              west.offer);
    net.run_for(1s);
    ASSERT_EQ(east.count("INVITE"), 1U);
    const auto heard = east.last_request("INVITE");
    for (const auto& [name, value] :
         {std::pair{sip::HeaderName::Supported, "timer"}, std::pair{sip::HeaderName::Allow, "INFO"},
          std::pair{sip::HeaderName::Require, "timer"}}) {
        ASSERT_EQ(heard->count(name), 1U);
        EXPECT_EQ(heard->header(name)->value, value);
    }
    border.sbc().end_all("test");
}

// What says how to get to our host stays here, with a value or without, wherever it stands.
TEST_F(Passage, WhatIsSaidOfTheWayInTheRequestUriStaysHere) {
    for (const char* uri :
         {"sip:5001@east.example.net;lr;user=phone", "sip:5001@east.example.net;user=phone;lr",
          "sip:5001@east.example.net;LR;user=phone;transport=udp;maddr=192.0.2.4"}) {
        west.send("MESSAGE", uri, {});
        net.run_for(1s);
        EXPECT_EQ(east.last_request("MESSAGE")->request_uri_text(),
                  "sip:5001@east.example.net;user=phone");
    }
    EXPECT_EQ(east.count("MESSAGE"), 3U);
}

// RFC 3261 §19.1.1: that the user part is a telephone number is part of who is called.
TEST_F(Passage, ATelephoneNumberStaysOne) {
    for (const char* parameter : {";user=phone", ";transport=udp;USER=Phone;lr"}) {
        const std::string called = "sip:+15551234@192.0.2.4" + std::string(parameter);
        west.send("MESSAGE", called,
                  {{"From", "<sip:+15556789@west.example.net;user=phone;transport=udp>;tag=f"},
                   {"To", "<" + called + ">"}});
        net.run_for(1s);
        const auto heard = east.last_request("MESSAGE");
        EXPECT_EQ(heard->request_uri_text(), "sip:+15551234@192.0.2.50;user=phone");
        EXPECT_EQ(heard->to().uri.text, "sip:+15551234@192.0.2.5;user=phone");
        EXPECT_EQ(heard->from().uri.text, "sip:+15556789@west.example.net;user=phone");
    }
    west.send("MESSAGE", "sip:5001@192.0.2.4;user=ip", {{"To", "<sip:5001@192.0.2.4;user=ip>"}});
    net.run_for(1s);
    EXPECT_EQ(east.last_request("MESSAGE")->request_uri_text(), "sip:5001@192.0.2.50");
    EXPECT_EQ(east.last_request("MESSAGE")->to().uri.text, "sip:5001@192.0.2.5");
}

// RFC 7315 §5.4: where somebody is stays among those who are trusted.
TEST_F(Passage, TheAccessNetworkIsNotNamedToTheUntrusted) {
    west.send("MESSAGE", "sip:5001@192.0.2.4",
              {{"P-Access-Network-Info", "3GPP-E-UTRAN;utran-cell-id-3gpp=234151D0FCE11"}});
    net.run_for(1s);
    ASSERT_EQ(east.count("MESSAGE"), 1U);
    EXPECT_EQ(east.last_request("MESSAGE")->header("P-Access-Network-Info"), nullptr);
}

TEST_F(Topology, TheAccessNetworkIsNamedToTheTrusted) {
    alice.send("MESSAGE", "sip:9001@switch.example.com",
               {{"P-Access-Network-Info", "IEEE-802.11;i-wlan-node-id=ABCDEF123456"}});
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("MESSAGE"), 1U);
    EXPECT_NE(softswitch.last_request("MESSAGE")->header("P-Access-Network-Info"), nullptr);
}

// Each side knows us by a name of its own.
class OurNames : public Trunks {
protected:
    OurNames()
        : Trunks(configured(
              configured(three_trunks, "west", {"local-id host border.west.example.net"}), "east",
              {"local-id host border.east.example.net"})) {}
};

TEST_F(OurNames, OfTheCallersSideAreNotSeenOnTheOther) {
    for (const std::string host : {"border.west.example.net", "BORDER.West.Example.NET",
                                   "border.west.example.net.", "192.0.2.4"}) {
        const std::string called = "sip:5001@" + host;
        west.invite(called);
        ASSERT_TRUE(run_until([&] { return west.is_in_call(); })) << host;
        const auto invite = east.last_request("INVITE");
        EXPECT_EQ(invite->request_uri_text(), "sip:5001@192.0.2.50") << host;
        EXPECT_EQ(invite->to().uri.text, "sip:5001@border.east.example.net") << host;
        EXPECT_EQ(west.last_response("INVITE")->to().uri.text, called);
        west.bye();
        net.run_for(1s);
        EXPECT_EQ(west.last_response("BYE")->status(), 200);
        EXPECT_EQ(east.last_request("BYE")->to().uri.text, "sip:5001@border.east.example.net");
        west.send("MESSAGE", called, {{"From", "<sip:wendy@" + host + ">;tag=w"}});
        net.run_for(1s);
        const auto message = east.last_request("MESSAGE");
        EXPECT_EQ(message->request_uri_text(), "sip:5001@192.0.2.50") << host;
        EXPECT_EQ(message->to().uri.text, "sip:5001@border.east.example.net") << host;
        EXPECT_EQ(message->from().uri.text, "sip:wendy@border.east.example.net") << host;
    }
}

class NamedAsTheirDomain : public SmallLab {
protected:
    NamedAsTheirDomain()
        : SmallLab(configured(small_lab, "phones", {"local-id host example.com"})) {}
};

TEST_F(NamedAsTheirDomain, PhonesKeepTheirAddressesOfRecord) {
    register_phones();
    alice.send("MESSAGE", "sip:9001@switch.example.com", {});
    net.run_for(1s);
    ASSERT_EQ(softswitch.count("MESSAGE"), 1U);
    EXPECT_EQ(softswitch.last_request("MESSAGE")->from().uri.text, "sip:alice@example.com");
}

// RFC 3261 §21.4.15: who asked has to know what it must not require the next time.
TEST_F(Passage, A420SaysWhatIsNotSupported) {
    east.answered_by_test = [this](sip::transaction::ServerId id, const sip::MessagePtr& request) {
        auto response = sip::reply(*request, 420, "e");
        response.header(sip::HeaderName::Unsupported, "timer, x-of-the-other-side");
        east.shard().respond(id, response.build());
        return true;
    };
    west.send("INVITE", "sip:5001@192.0.2.4", {{"Contact", west.contact()}, {"Require", "timer"}},
              west.offer);
    net.run_for(1s);
    ASSERT_EQ(west.last_response("INVITE")->status(), 420);
    ASSERT_EQ(west.last_response("INVITE")->count(sip::HeaderName::Unsupported), 1U);
    EXPECT_EQ(west.last_response("INVITE")->header(sip::HeaderName::Unsupported)->value, "timer");
}

// RFC 3261 §12.1.1: all of them, in their order, in every response that makes a dialog; but they
// are the caller's, and the callee hears nothing of them.
TEST_F(Passage, TheRecordRouteOfACallerComesBackToIt) {
    east.on_invite = Phone::OnInvite::EarlyMedia;
    const std::string first = "<sip:192.0.2.40;lr>, <sip:192.0.2.41;lr>";
    const std::string second = "<sip:p3.west.example.net;lr>";
    west.send("INVITE", "sip:5001@192.0.2.4",
              {{"Contact", west.contact()}, {"Record-Route", first}, {"Record-Route", second}},
              west.offer);
    net.run_for(1s);
    east.ring(180);
    net.run_for(1s);
    east.answer();
    net.run_for(1s);
    std::vector<int> dialogs;
    for (const auto& response : west.responses()) {
        if (response->status() == 100) {
            continue;
        }
        dialogs.push_back(response->status());
        std::vector<std::string> lines;
        for (const auto& line : response->headers()) {
            if (line.id == sip::HeaderName::RecordRoute) {
                lines.emplace_back(line.value);
            }
        }
        EXPECT_EQ(lines, (std::vector<std::string>{first, second})) << response->status();
    }
    EXPECT_EQ(std::set<int>(dialogs.begin(), dialogs.end()), (std::set<int>{180, 183, 200}));
    EXPECT_EQ(east.last_request("INVITE")->count(sip::HeaderName::RecordRoute), 0U);
    border.sbc().end_all("test");
    net.run_for(40s);
}

// A 3xx that passes: the addresses of the side that redirects are ours for the caller, who then
// calls there by us. A domain of somebody else passes.
TEST_F(Topology, TheContactsOfARedirectionNameNoHostOfTheOtherSide) {
    register_phones();
    softswitch.on_invite = Phone::OnInvite::Redirect;
    softswitch.redirect_to =
        "\"Desk 2\" <sip:9002@198.51.100.77:5080;transport=tcp>;q=0.7, "
        "<sip:9003@[2001:db8::77]>;q=0.5, <sip:9004@192.0.2.20>, <sip:9005@192.0.2.2>, "
        "<sip:9006@example.org;user=phone>;q=0.1, <tel:+15551234>";
    alice.invite("sip:9001@switch.example.com");
    ASSERT_TRUE(run_until([&] { return alice.statuses("INVITE").size() == 2; }));
    EXPECT_THAT(alice.statuses("INVITE"), ElementsAre(100, 302));
    const sip::MessagePtr response = alice.last_response("INVITE");
    std::vector<std::string> contacts;
    for (const auto value : response->values(sip::HeaderName::Contact)) {
        contacts.emplace_back(value);
    }
    EXPECT_THAT(contacts,
                ElementsAre("\"Desk 2\" <sip:9002@border.example.com:5061;transport=tls>;q=0.7",
                            "<sip:9003@border.example.com:5061;transport=tls>;q=0.5",
                            "<sip:9004@border.example.com:5061;transport=tls>",
                            "<sip:9005@border.example.com:5061;transport=tls>",
                            "<sip:9006@example.org;user=phone>;q=0.1", "<tel:+15551234>"));
}

// What a URI says of the way, and the headers that it asks for, name hosts too, or bear keys.
TEST_F(Topology, TheContactsOfARedirectionSayNothingOfTheWay) {
    register_phones();
    softswitch.on_invite = Phone::OnInvite::Redirect;
    for (const auto& [written, heard] : {
             std::pair{"<sip:1@example.org;maddr=192.0.2.20;transport=udp;gr>",
                       "<sip:1@example.org;gr>"},
             std::pair{"<sip:1@example.org;m%61ddr=192.0.2.20>", "<sip:1@example.org>"},
             std::pair{"<sip:1@example.org?Route=%3Csip%3A192.0.2.20%3Blr%3E&Subject=x>",
                       "<sip:1@example.org?Subject=x>"},
             std::pair{"<sip:1@192.0.2.20?R%6fute=%3Csip%3A192.0.2.20%3Blr%3E>",
                       "<sip:1@border.example.com:5061;transport=tls>"},
             std::pair{"<sip:1@example.org?body=a%3Dcrypto%3A1%20AES%20inline%3Ad0Rm>",
                       "<sip:1@example.org>"},
             std::pair{"<sip:1@example.org>;+sip.instance=\"<urn:x>\";x=192.0.2.20;q=0.4",
                       "<sip:1@example.org>;q=0.4"},
         }) {
        softswitch.redirect_to = written;
        alice.invite("sip:9001@switch.example.com");
        net.run_for(1s);
        EXPECT_EQ(alice.last_response("INVITE")->header(sip::HeaderName::Contact)->value, heard);
    }
}

TEST_F(Topology, WhoReferredIsNotNamedByItsAddress) {
    register_phones();
    softswitch.invite_fields = {
        {"Referred-By", "\"Wendy\" <sip:wendy@192.0.2.20;x=1>;cid=\"2@h\";y=2"},
        {"Refer-To", "<sip:192.0.2.20>"}};
    softswitch.invite("sip:bob@example.com");
    ASSERT_TRUE(run_until([&] { return bob.count("INVITE") == 1; }));
    EXPECT_EQ(bob.last_request("INVITE")->header(sip::HeaderName::ReferredBy)->value,
              "\"Wendy\" <sip:wendy@border.example.com>;cid=\"2@h\"");
    EXPECT_EQ(bob.last_request("INVITE")->header(sip::HeaderName::ReferTo), nullptr);
    border.sbc().end_all("test");
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
