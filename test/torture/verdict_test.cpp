// The torture messages of RFC 4475 at a whole border controller, over UDP and over TCP: what it
// answers, whether anything goes on to the other side, and what becomes of the connection. The
// table is written by hand; every verdict in it must be one that expected.json permits.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "torture/lab.h"

namespace ringwall::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class Sent : std::uint8_t { Nothing, On };
// What becomes of the connection that the message came over.
enum class Connection : std::uint8_t { Stays, Closed, ClosedInTime };

struct Verdict {
    const char* file;
    const char* role;     // in expected.json
    const char* verdict;  // there
    int status;           // of our answer; 0: none
    Sent sent = Sent::Nothing;
    Connection connection = Connection::Stays;
    int stream_status = -1;  // of our answer over a stream, where that differs
};

void PrintTo(const Verdict& verdict, std::ostream* out) {
    *out << verdict.file;
}

constexpr Verdict verdicts[] = {
    // §3.1.1: valid messages.
    {"wsinv", "b2bua", "process", 481},  // its To has a tag, and there is no such dialog
    {"intmeth", "b2bua", "501+Allow", 501},
    {"esc01", "b2bua", "process", 200, Sent::On},
    {"escnull", "registrar", "200", 200},
    {"esc02", "b2bua", "501", 501},
    {"lwsdisp", "b2bua", "process", 200, Sent::On},
    {"longreq", "b2bua", "process", 200, Sent::On},
    {"dblreq", "registrar", "200", 200},
    {"semiuri", "b2bua", "process", 200, Sent::On},
    {"transports", "b2bua", "process", 200, Sent::On},
    {"mpart01", "b2bua", "process", 200, Sent::On},
    {"unreason", "uac", "accept", 0},
    {"noreason", "uac", "accept", 0},
    // §3.1.2: invalid messages.
    {"badinv01", "b2bua", "400", 400},
    {"clerr", "b2bua", "400", 400, Sent::Nothing, Connection::ClosedInTime, 0},
    {"ncl", "b2bua", "400", 400, Sent::Nothing, Connection::Closed},
    {"scalar02", "registrar", "400", 400},
    {"scalarlg", "uac", "drop", 0},
    {"quotbal", "b2bua", "400", 400},
    {"ltgtruri", "b2bua", "400", 400},
    {"lwsruri", "b2bua", "400", 400},
    {"lwsstart", "b2bua", "400", 400},
    {"trws", "b2bua", "400", 400},
    {"escruri", "b2bua", "400", 400},
    {"baddate", "b2bua", "process", 200, Sent::On},
    {"regbadct", "registrar", "400", 400},
    {"badaspec", "b2bua", "400", 400},
    {"baddn", "b2bua", "400", 400, Sent::Nothing, Connection::ClosedInTime, 0},
    {"baddn.fixed", "b2bua", "400", 400},
    {"badvers", "b2bua", "505", 505},
    {"mismatch01", "b2bua", "400", 400},
    {"mismatch02", "b2bua", "400", 400},
    {"bigcode", "uac", "drop", 0},
    // §3.2 to §3.4.
    {"badbranch", "b2bua", "400 (stateless)", 400},
    {"insuf", "b2bua", "400", 400},
    {"unkscm", "b2bua", "416", 416},
    {"novelsc", "b2bua", "416", 416},
    {"unksm2", "registrar", "400", 400},
    {"bext01", "b2bua", "420+Unsupported", 420},
    {"invut", "b2bua", "process", 200, Sent::On},
    {"regaut01", "registrar", "401 with fresh challenge", 401},
    {"multi01", "b2bua", "400", 400},
    {"mcl01", "b2bua", "400", 400, Sent::Nothing, Connection::Closed},
    {"bcast", "uac", "drop", 0},
    {"zeromf", "b2bua", "483", 483},
    {"cparam01", "registrar", "200", 200},
    {"cparam02", "registrar", "200", 200},
    {"regescrt", "registrar", "200", 200},
    {"sdp01", "b2bua", "process", 406, Sent::On},  // of the far side, which reads the Accept
    {"inv2543", "b2bua", "400", 400, Sent::Nothing, Connection::Closed},  // no Contact
    // A leftover in the archive, no SIP: silence; a stream that does not begin with SIP is closed.
    {"test", "", "", 0, Sent::Nothing, Connection::Closed},
};

const nlohmann::json& expected() {
    static const nlohmann::json document = nlohmann::json::parse(
        std::ifstream(std::string(TEST_DATA) + "/torture/rfc4475/expected.json"));
    return document;
}

// The entry of a file; null for those that have none.
const nlohmann::json* entry(std::string file) {
    if (file == "baddn.fixed") {
        file = "baddn";
    }
    for (const auto& each : expected()) {
        if (each.at("file") == file + ".dat") {
            return &each;
        }
    }
    return nullptr;
}

std::string name_of(const ::testing::TestParamInfo<Verdict>& info) {
    std::string name = info.param.file;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

class Rfc4475 : public TortureLab, public ::testing::WithParamInterface<Verdict> {
protected:
    Rfc4475() : TortureLab(is_registrar() ? with_phones : two_trunks) {}

    static bool is_registrar() { return std::string_view(GetParam().role) == "registrar"; }
    static std::string message() { return torture_message(std::string(GetParam().file) + ".dat"); }
    Wire& sender() { return is_registrar() ? phone : near; }
    const Endpoint& target() { return is_registrar() ? to_phones : to_near; }

    // A REGISTER that is challenged answers, unless the challenge is the verdict.
    void answer_challenge(const std::function<void(const std::string&)>& send) {
        const auto response = sender().last_response();
        if (GetParam().status == 401 || response == nullptr || response->status() != 401) {
            return;
        }
        const std::string first = message();
        const auto parsed = sip::Message::parse(first, sip::Framing::Datagram);
        const std::string user(parsed.message->to().uri.user);
        sender().forget();
        send(with_credentials(first, *response, user.starts_with("null") ? "null" : user));
    }

    void expect_answer(int status) {
        if (status == 0) {
            EXPECT_THAT(sender().heard(), IsEmpty());
        } else {
            EXPECT_THAT(sender().statuses(), ElementsAre(status));
        }
    }
    void expect_sent_on() {
        EXPECT_THAT(far.requests(), SizeIs(GetParam().sent == Sent::On ? 1 : 0));
    }
};

TEST_P(Rfc4475, TheVerdictIsPermitted) {
    const auto* found = entry(GetParam().file);
    if (found == nullptr) {
        ASSERT_STREQ(GetParam().role, "");
        return;
    }
    ASSERT_TRUE(found->at("permitted").contains(GetParam().role));
    EXPECT_THAT(found->at("permitted").at(GetParam().role).get<std::vector<std::string>>(),
                Contains(GetParam().verdict));
}

TEST_P(Rfc4475, OverUdp) {
    const auto send = [&](const std::string& bytes) {
        sender().send(target(), bytes);
        run();
    };
    send(message());
    answer_challenge(send);
    expect_answer(GetParam().status);
    expect_sent_on();
}

TEST_P(Rfc4475, OverTcp) {
    const FlowId connection = sender().connect(target());
    const auto send = [&](const std::string& bytes) {
        sender().stream(connection, bytes);
        run();
    };
    // On a stream the octets behind dblreq's REGISTER are another request: see its own test.
    std::string bytes = message();
    if (std::string_view(GetParam().file) == "dblreq") {
        bytes.resize(bytes.find("\r\n\r\n") + 4);
    }
    send(bytes);
    answer_challenge(
        [&](const std::string& second) { send(second.substr(0, second.find("\r\n\r\n") + 4)); });
    expect_answer(GetParam().stream_status < 0 ? GetParam().status : GetParam().stream_status);
    expect_sent_on();

    switch (GetParam().connection) {
        case Connection::Stays:
            run(40s);
            EXPECT_FALSE(sender().is_closed(connection));
            return;
        case Connection::Closed:
            EXPECT_TRUE(sender().is_closed(connection));
            return;
        case Connection::ClosedInTime:
            EXPECT_FALSE(sender().is_closed(connection));
            run(40s);
            EXPECT_TRUE(sender().is_closed(connection));
            return;
    }
}

INSTANTIATE_TEST_SUITE_P(Message, Rfc4475, ::testing::ValuesIn(verdicts), name_of);

TEST(Rfc4475Table, HasEveryMessage) {
    EXPECT_THAT(expected(), SizeIs(49));
    for (const auto& each : expected()) {
        EXPECT_EQ(std::count_if(std::begin(verdicts), std::end(verdicts),
                                [&](const Verdict& verdict) {
                                    return each.at("file") == std::string(verdict.file) + ".dat";
                                }),
                  1)
            << each.at("file");
    }
}

}  // namespace
}  // namespace ringwall::test
