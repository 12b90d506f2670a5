// Ten thousand messages that were good once: bytes turned, cut out, doubled, put in, at random but
// the same for the same seed; requests outside and within dialogs, registrations, responses. The
// border controller must take them all: no crash, consistent after every step (the lab's
// invariant), and nothing of them left when their time is over.
#include <array>

#include "sip/message_builder.h"
#include "torture/lab.h"

namespace ringwall::test {
namespace {

using sip::HeaderName;

constexpr std::array<std::string_view, 24> morsels{
    "\r\n", "\r\n\r\n", ";",        ",",  "<",  ">",          "\"",      "@",
    ":",    "%",        "%00",      " ",  "\t", "sips:",      "tel:",    ";tag=",
    "=",    "?",        ";branch=", "-1", "0",  "4294967296", "z9hG4bK", "\\"};

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(random_.number() % limit);
    }
    bool one_in(std::size_t n) { return below(n) == 0; }

    // Mostly the head: there is more to be got wrong.
    std::string operator()(std::string text) {
        for (std::size_t left = one_in(3) ? 1 + below(4) : 1; left > 0 && !text.empty(); --left) {
            const std::size_t head = std::min(text.find("\r\n\r\n"), text.size() - 1) + 1;
            const std::size_t at = one_in(5) ? below(text.size()) : below(head);
            mutate(text, at);
        }
        return text;
    }

private:
    void mutate(std::string& text, std::size_t at) {
        const std::size_t length = 1 + below(one_in(4) ? 40 : 4);
        switch (below(7)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                return;
            case 1:
                text.erase(at, length);
                return;
            case 2:
                text.insert(at, text.substr(at, length));
                return;
            case 3:
                text.insert(at, morsels[below(morsels.size())]);
                return;
            case 4: {  // a line goes, comes twice or at another place
                const auto [begin, size] = line_at(text, at);
                const std::string line = text.substr(begin, size);
                if (one_in(2)) {
                    text.erase(begin, size);
                }
                if (one_in(2) && !text.empty()) {
                    text.insert(line_at(text, below(text.size())).first, line);
                }
                return;
            }
            case 5:
                text[at] = static_cast<char>(text[at] ^ static_cast<char>(1U << below(8)));
                return;
            default: {  // a digit becomes another number
                const auto digit = text.find_first_of("0123456789", at);
                if (digit != std::string::npos) {
                    text.replace(digit, 1, std::to_string(random_.number() >> below(64)));
                }
                return;
            }
        }
    }
    static std::pair<std::size_t, std::size_t> line_at(const std::string& text, std::size_t at) {
        const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        const std::size_t end = text.find('\n', begin);
        return {begin, (end == std::string::npos ? text.size() : end + 1) - begin};
    }

    SeededRandom random_;
};

class Mutations : public TortureLabWithPhones {
protected:
    explicit Mutations(std::uint64_t seed = 4475) : mutate_(seed) {
        // Each side answers like a good phone, but every third time not quite.
        const auto answer = [this](const sip::Message& request) {
            const std::string good = Wire::agree(request);
            return mutate_.one_in(3) ? mutate_(good) : good;
        };
        far.answer = near.answer = phone.answer = answer;
    }

    std::string fresh() { return "m" + std::to_string(++count_); }

    // Requests outside any dialog.
    std::string outside() {
        static constexpr std::array<std::string_view, 5> methods{"INVITE", "OPTIONS", "MESSAGE",
                                                                 "CANCEL", "INFO"};
        Request request;
        request.method = methods[mutate_.below(methods.size())];
        request.name = mutate_.one_in(20) ? "m" + std::to_string(count_) : fresh();
        request.uri = mutate_.one_in(3) ? "sip:user@example.com" : "sip:somebody@example.net";
        request.fields =
            "Subject: mutation\r\nSupported: timer, 100rel\r\nAllow: INVITE, ACK, BYE\r\n"
            "Record-Route: <sip:proxy.example.net;lr>\r\nX-Unknown: \"a\", b;c\r\n";
        return request.text();
    }

    std::string registration(const std::string& authorization) {
        const std::string name = fresh();
        return "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bK-" +
               name +
               "\r\nMax-Forwards: 70\r\nFrom: <sip:user@example.com>;tag=r\r\nTo: "
               "<sip:user@example.com>\r\nCall-ID: reg\r\nCSeq: " +
               std::to_string(count_) + " REGISTER\r\nContact: <sip:user@192.0.2.20>;q=0.5\r\n" +
               authorization + "Expires: 120\r\nContent-Length: 0\r\n\r\n";
    }

    // Within the dialog that the 200 made.
    std::string within(const sip::Message& success) {
        static constexpr std::array<std::string_view, 6> methods{"INVITE", "UPDATE", "INFO",
                                                                 "BYE",    "ACK",    "PRACK"};
        const std::string method(methods[mutate_.below(methods.size())]);
        const std::string name = fresh();
        std::string out = method +
                          " sip:192.0.2.3 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.30;branch="
                          "z9hG4bK-" +
                          name + "\r\nMax-Forwards: 70\r\n";
        out.append(success.header(HeaderName::From)->raw);
        out.append(success.header(HeaderName::To)->raw);
        out.append(success.header(HeaderName::CallId)->raw);
        out += "CSeq: " + std::to_string(7 + count_) + " " + method +
               "\r\nContact: <sip:caller@192.0.2.30>\r\nContent-Type: application/sdp\r\n"
               "Content-Length: " +
               std::to_string(offer.size()) + "\r\n\r\n" + offer;
        return out;
    }

    // A call that stands: its 200, acknowledged.
    sip::MessagePtr call() {
        near.forget();
        far.answer = Wire::agree;
        const std::string name = fresh();
        near.send(to_near,
                  Request{.method = "INVITE", .name = name, .uri = "sip:b@example.net"}.text());
        run(100ms);
        const auto success = near.last_response();
        if (success != nullptr && success->status() == 200) {
            std::string ack =
                "ACK sip:192.0.2.3 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.30;branch="
                "z9hG4bK-ack" +
                name + "\r\n";
            ack.append(success->header(HeaderName::From)->raw);
            ack.append(success->header(HeaderName::To)->raw);
            ack.append(success->header(HeaderName::CallId)->raw);
            near.send(to_near, ack + "CSeq: 7 ACK\r\nContent-Length: 0\r\n\r\n");
            run(100ms);
        }
        return success;
    }

    // The challenge that the registrations of a batch answer; null: there came none.
    sip::MessagePtr challenge() {
        phone.forget();
        phone.send(to_phones, registration(""));
        run(100ms);
        return phone.last_response();
    }
    // Each use of a nonce has a count of its own.
    std::string authorization(const sip::MessagePtr& challenge) {
        if (challenge == nullptr) {
            return {};
        }
        const auto signed_request = sip::Message::parse(
            with_credentials(registration(""), *challenge, "user", "secret", ++nonce_count_),
            sip::Framing::Datagram);
        return std::string(signed_request.message->header(HeaderName::Authorization)->raw);
    }

    Mutator mutate_;
    std::size_t count_ = 0;
    std::uint32_t nonce_count_ = 0;
};

TEST_F(Mutations, TenThousandLeaveNothingBehind) {
    constexpr std::size_t batches = 200;
    constexpr std::size_t batch = 50;
    const std::size_t flows = border.sbc().shard().flow_count();
    const auto answer = far.answer;
    for (std::size_t i = 0; i < batches; ++i) {
        const auto success = call();
        ASSERT_TRUE(success != nullptr && success->status() == 200);
        const auto challenged = challenge();
        far.answer = answer;
        const FlowId connection = near.connect(to_near);
        for (std::size_t k = 0; k < batch; ++k) {
            switch (mutate_.below(8)) {
                case 0:
                case 1:
                    phone.send(to_phones, mutate_(registration(authorization(challenged))));
                    break;
                case 2:
                case 3:
                    near.send(to_near, mutate_(within(*success)));
                    break;
                case 4:  // the connection may end at any of them
                    near.stream(connection, mutate_(outside()));
                    break;
                default:
                    near.send(to_near, mutate_(outside()));
                    break;
            }
            run(5ms);
        }
        near.close(connection);
        border.sbc().end_all("the batch is over");  // nothing else need end the call that stands
        net.settle();
        ASSERT_TRUE(border.sbc().is_empty()) << "after batch " << i;
        ASSERT_LT(border.sbc().location().binding_count(), 32U);
        near.close_all();  // for its BYE near was connected to, where it had closed its own
        net.settle();
        ASSERT_EQ(border.sbc().shard().flow_count(), flows) << "after batch " << i;
        near.forget();
        far.forget();
        phone.forget();
    }
    net.settle(24h);
    EXPECT_EQ(border.sbc().location().binding_count(), 0U);
    // Counters are named after rules of ours, never after what came.
    EXPECT_LT(border.sbc().counters().all().size(), 64U);
    for (const auto& [name, value] : border.sbc().counters().all()) {
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-{}"),
                  std::string::npos)
            << name;
    }
    // Enough of them got through to have tried more than the parser.
    EXPECT_GT(counted("calls", "answered"), batches + 100);
    EXPECT_GT(counted("registrations", "200"), 200U);
    EXPECT_GT(counted("rejected", "sanity"), 200U);
    EXPECT_GT(counters().faults_answered, 1000U);
    EXPECT_GT(counters().faults_dropped, 100U);
    EXPECT_GT(counters().not_sip, 100U);
    EXPECT_GT(counters().strays, 20U);
}

}  // namespace
}  // namespace ringwall::test
