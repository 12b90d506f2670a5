// With our hosts in them addresses become longer: those that nobody could read then are refused.
#include "scenario/border.h"
#include "sip/limits.h"

namespace ringwall::test {
namespace {

using ::testing::ElementsAre;

const std::string short_uri = "sip:5001@192.0.2.4";

// Of this length, by its user.
std::string uri_to(const std::string& host, std::size_t length = sip::limits::uri) {
    return "sip:" + std::string(length - 5 - host.size(), '5') + "@" + host;
}

struct Case {
    std::string request_uri = short_uri;
    std::string from = "sip:wendy@west.example.net";
    std::string to = short_uri;
    int status = 400;
};

const std::vector<Case> cases{
    {.request_uri = uri_to("192.0.2.4"), .status = 414},
    {.from = uri_to("192.0.2.40")},
    {.to = uri_to("192.0.2.4")},
    {.from = uri_to("w")},  // it would fit there, but not as the user of our Contact
    {.to = uri_to("w")},
    {.request_uri = uri_to("192.0.2.4"),
     .from = uri_to("192.0.2.40"),
     .to = uri_to("192.0.2.4"),
     .status = 414},
};

class LongAddresses : public Trunks {
protected:
    LongAddresses()
        : Trunks(configured(
              configured(three_trunks, "west", {"local-id host border.west.example.net"}), "east",
              {"local-id host border.east.example.net"})) {}
    void send(const std::string& method, const Case& sent) {
        west.send(method, sent.request_uri,
                  {{"Contact", west.contact()},
                   {"Event", "presence"},
                   {"From", "<" + sent.from + ">;tag=w"},
                   {"To", "<" + sent.to + ">"}},
                  method == "INVITE" ? west.offer : "");
        net.run_for(1s);
    }
};

class TooLong : public LongAddresses, public ::testing::WithParamInterface<Case> {};

TEST_P(TooLong, IsRefusedAndNothingIsSent) {
    const std::size_t before = sent_to(east);
    send("INVITE", GetParam());
    EXPECT_THAT(west.statuses("INVITE"), ElementsAre(100, GetParam().status));
    EXPECT_EQ(border.sbc().calls(), 0U);
    ASSERT_EQ(border.records.size(), 1U);
    EXPECT_EQ(border.records.back().status, GetParam().status);
    for (const char* method : {"MESSAGE", "SUBSCRIBE"}) {
        send(method, GetParam());
        EXPECT_THAT(west.statuses(method), ElementsAre(GetParam().status));
    }
    EXPECT_EQ(sent_to(east), before);
    EXPECT_EQ(sent_to(north), 0U);
}

INSTANTIATE_TEST_SUITE_P(Addresses, TooLong, ::testing::ValuesIn(cases));

}  // namespace
}  // namespace ringwall::test
