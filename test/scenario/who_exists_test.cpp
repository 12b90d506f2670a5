// A stranger learns of no user whether it is there: what Ringwall itself refuses, it refuses of all
// alike, and sends nothing.
#include "scenario/border.h"

namespace ringwall::test {
namespace {

std::string lab_of_strangers() {
    std::string out(small_lab);
    const std::string before = "  adjacency sip outside\n";
    out.insert(out.find(before), R"(  subscriber carol@example.com
   password singer
  subscriber dora@example.com
   password writer
  adjacency sip old
   security trusted-unencrypted
   inherit profile preset-access
   domain example.com
   signaling-address ipv4 192.0.2.7
   remote-address ipv4 192.0.2.12 255.255.255.252
   attach
)");
    return out;
}

class WhoIsThere : public SmallLab {
protected:
    WhoIsThere() : SmallLab(lab_of_strangers()) {}

    using Fields = Phone::Fields;
    // The answer, as far as it could tell one user from another.
    std::string answer(const std::string& method, const std::string& user, const Fields& fields,
                       const std::string& body) {
        const auto finals = [&] {
            const auto statuses = outside.statuses(method);
            return std::ranges::count_if(statuses, [](int status) { return status >= 200; });
        };
        const auto before = finals();
        Fields all = fields;
        all.emplace_back("Contact", "<sip:mallory@192.0.2.30>");
        outside.send(method, "sip:" + user + "@example.com", all, body);
        EXPECT_TRUE(run_until([&] { return finals() > before; }, 5s));
        const sip::MessagePtr last = outside.last_response(method);
        std::string out = std::to_string(last->status()) + " " + std::string(last->reason());
        for (const sip::HeaderLine& line : last->headers()) {
            out.append(" ").append(line.name);
        }
        return out;
    }

    Phone carol{net,
                ip("192.0.2.13"),
                sip::Transport::Udp,
                {ip("192.0.2.7"), 5060},
                {"carol", "example.com", "singer"},
                105};
};

TEST_F(WhoIsThere, IsNotToldByWhatIsRefused) {
    carol.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    const std::string sdp = outside.offer;
    std::string savp = sdp;
    savp.replace(savp.find("RTP/AVP"), 7, "RTP/SAVP");
    struct Probe {
        Fields fields;
        std::string body;
    };
    const std::vector<Probe> probes{
        {{{"Privacy", "session;critical"}, {"Content-Type", "application/sdp"}}, sdp},
        {{{"Content-Type", "application/sdp"}}, savp},
        {{{"Content-Type", "application/sdp"}}, "v=0\r\nnonsense\r\n"},
        {{{"Content-Type", "application/sdp"}, {"Content-Encoding", "gzip"}}, sdp},
        {{{"Content-Type", "application/sdp"},
          {"To", "<sip:" + std::string(4080, 'x') + "@192.0.2.9>"}},
         sdp},
    };
    const std::size_t before = sent_to(carol);
    for (const char* const method : {"INVITE", "SUBSCRIBE"}) {
        for (const Probe& probe : probes) {
            if (&probe == &probes.front() && method != std::string_view("INVITE")) {
                continue;  // it has no session: it passes
            }
            Fields fields = probe.fields;
            fields.emplace_back("Event", "presence");
            const std::string of_nobody = answer(method, "nobody", fields, probe.body);
            EXPECT_EQ(answer(method, "dora", fields, probe.body), of_nobody);
            EXPECT_EQ(answer(method, "carol", fields, probe.body), of_nobody);
            EXPECT_EQ(of_nobody.substr(0, 4), "480 ");
        }
    }
    EXPECT_EQ(sent_to(carol), before) << "nothing was sent";
    // And it is she who would have heard of it.
    outside.invite("sip:carol@example.com");
    ASSERT_TRUE(run_until([&] { return carol.is_in_call() && outside.is_in_call(); }));
    EXPECT_GT(sent_to(carol), before);
    outside.bye();
    net.run_for(40s);
}

// Nor by what a phone says that has not rung (docs/decisions/0084): of its status, its reason and
// its fields nothing is to be heard.
TEST_F(WhoIsThere, IsNotToldByAPhoneThatHasNotRung) {
    carol.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered(); }));
    const Fields sdp{{"Content-Type", "application/sdp"}};
    const std::string of_nobody = answer("INVITE", "nobody", sdp, outside.offer);
    EXPECT_EQ(of_nobody.substr(0, 4), "480 ");
    carol.on_invite = Phone::OnInvite::Reject;
    std::size_t calls = 0;
    for (const int status : {404, 486, 488, 500, 503, 603, 604}) {
        carol.reject_status = status;
        EXPECT_EQ(answer("INVITE", "carol", sdp, outside.offer), of_nobody) << status;
        EXPECT_EQ(carol.count("INVITE"), ++calls) << "it was she who said so";
    }
    // Nor by the Warning of RFC 5630 §5.3.
    carol.on_invite = Phone::OnInvite::Ignore;
    outside.send("INVITE", "sip:carol@example.com",
                 {{"Content-Type", "application/sdp"}, {"Contact", "<sip:mallory@192.0.2.30>"}},
                 outside.offer);
    ASSERT_TRUE(run_until([&] { return carol.count("INVITE") == calls + 1; }));
    ++calls;
    carol.say(480, "ccarol", {{"Warning", "381 carol.example \"SIPS Required\""}});
    net.run_for(1s);
    EXPECT_EQ(outside.statuses("INVITE").back(), 480);
    EXPECT_EQ(outside.last_response("INVITE")->count(sip::HeaderName::Warning), 0U);
    carol.on_invite = Phone::OnInvite::Redirect;
    carol.redirect_to = "<sip:carol@203.0.113.9>";
    EXPECT_EQ(answer("INVITE", "carol", sdp, outside.offer), of_nobody);
    EXPECT_EQ(carol.count("INVITE"), ++calls);
    carol.in_dialog_status = 404;
    const std::string message_to_nobody = answer("MESSAGE", "nobody", {}, "");
    EXPECT_EQ(answer("MESSAGE", "carol", {}, ""), message_to_nobody);
    EXPECT_EQ(carol.count("MESSAGE"), 1U);
    // Whoever is trusted hears what she says.
    softswitch.invite("sip:carol@example.com");
    net.run_for(1s);
    EXPECT_EQ(softswitch.statuses("INVITE").back(), 302);
    // Once she has rung she is there, and everybody hears it.
    carol.on_invite = Phone::OnInvite::Ring;
    for (const int status : {486, 603, 404}) {
        outside.invite("sip:carol@example.com");
        net.run_for(1s);
        EXPECT_EQ(outside.statuses("INVITE").back(), 180);
        carol.reject(status);
        net.run_for(1s);
        EXPECT_EQ(outside.statuses("INVITE").back(), status);
    }
    net.run_for(40s);
}

// Where one of her phones has rung, another may say at once that she is busy.
TEST_F(WhoIsThere, IsKnownOfAllPhonesOfAUserOnceOneHasRung) {
    Phone second{net,
                 ip("192.0.2.14"),
                 sip::Transport::Tcp,
                 {ip("192.0.2.7"), 5060},
                 {"carol", "example.com", "singer"},
                 106};
    carol.register_now();
    second.register_now();
    ASSERT_TRUE(run_until([&] { return carol.is_registered() && second.is_registered(); }));
    carol.on_invite = Phone::OnInvite::Ring;
    second.on_invite = Phone::OnInvite::Ignore;
    outside.invite("sip:carol@example.com");
    net.run_for(1s);
    ASSERT_EQ(outside.statuses("INVITE").back(), 180);
    ASSERT_EQ(second.count("INVITE"), 1U);
    second.reject(603);
    net.run_for(1s);
    EXPECT_EQ(outside.statuses("INVITE").back(), 603);
    net.run_for(40s);
}

}  // namespace
}  // namespace ringwall::test
