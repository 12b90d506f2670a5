// A client that is challenged again and again; the octets are the header lines of 401s and 407s,
// each ended by an empty line. It gives up soon, signs nothing that its password does not prove,
// and never MD5 where the same response offered better.
#include "sip/auth/client_authentication.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"

namespace ringwall::fuzz {
namespace {

using namespace sip::auth;
using sip::HeaderName;
using sip::Message;
using sip::MessagePtr;

class Story {
public:
    void play(Input& input) {
        MessagePtr request = signed_request();
        ClientAuthentication::Tries tries;
        unsigned answered = 0;
        while (!input.is_empty()) {
            const bool is_proxy = input.flip();
            const MessagePtr response = challenge(input, is_proxy ? "407 So" : "401 So");
            if (response == nullptr) {
                continue;
            }
            if (client_.on_challenge(*request, *response, tries) !=
                ClientAuthentication::Verdict::Answer) {
                tries = {};  // another request
                answered = 0;
                continue;
            }
            CHECK(++answered <= 3);
            request = signed_request();
            check_best(*request, *response, is_proxy);
        }
    }

private:
    MessagePtr signed_request() {
        auto builder = sip::MessageBuilder::request("REGISTER", "sip:example.com");
        builder.header(HeaderName::Via, "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1")
            .header(HeaderName::From, "<sip:alice@example.com>;tag=1")
            .header(HeaderName::To, "<sip:alice@example.com>")
            .header(HeaderName::CallId, "a")
            .header(HeaderName::CSeq, "1 REGISTER");
        client_.sign(builder, "REGISTER", "sip:example.com", "", random_);
        MessagePtr request = builder.build();
        std::size_t count = 0;
        for (const auto& line : request->headers()) {
            if (line.id == HeaderName::Authorization || line.id == HeaderName::ProxyAuthorization) {
                ++count;
                check(line);
            }
        }
        CHECK(count <= 8);
        return request;
    }
    void check(const sip::HeaderLine& line) {
        const auto credentials = parse_credentials(line.value);
        CHECK(credentials);
        const std::string username = credentials->realm == "a" ? "alice" : "anybody";
        const HashedPassword password(username, credentials->realm, Secret("secret"));
        CHECK(credentials->userhash || credentials->username == username);
        CHECK(verify(*credentials, password, "REGISTER"));
        CHECK(credentials->qop == Qop::None || credentials->nonce_count() > 0);
    }
    // What is answered was the best that this response offered.
    static void check_best(const Message& request, const Message& response, bool is_proxy) {
        const HeaderName asks =
            is_proxy ? HeaderName::ProxyAuthenticate : HeaderName::WwwAuthenticate;
        const HeaderName says =
            is_proxy ? HeaderName::ProxyAuthorization : HeaderName::Authorization;
        std::set<std::string> better;  // realms
        std::set<std::pair<std::string, std::string>> offered;
        for (const auto& line : response.headers()) {
            const auto one = parse_challenge(line.value);
            if (line.id != asks || !one) {
                continue;
            }
            offered.emplace(one->realm, one->nonce);
            if (one->algorithm != Algorithm::Md5) {
                better.insert(one->realm);
            }
        }
        bool is_answered = false;
        for (const auto& line : request.headers()) {
            if (line.id == says) {
                const auto said = parse_credentials(line.value);
                const bool is_of_this = offered.contains({said->realm, said->nonce});
                is_answered = is_answered || is_of_this;
                CHECK(!is_of_this || said->algorithm != Algorithm::Md5 ||
                      !better.contains(said->realm));
            }
        }
        CHECK(is_answered);
    }
    static MessagePtr challenge(Input& input, const std::string& status) {
        std::string text =
            "SIP/2.0 " + status +
            "\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n"
            "From: <sip:alice@example.com>;tag=1\r\n"
            "To: <sip:alice@example.com>;tag=2\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n";
        while (!input.is_empty()) {
            const std::string_view line = input.until('\n');
            if (line.empty()) {
                break;
            }
            text.append(line).append("\r\n");
        }
        const sip::Parsed parsed = Message::parse(text + "\r\n", sip::Framing::Datagram);
        return parsed.fault ? nullptr : parsed.message;
    }

    SeededRandom random_{1};
    ClientAuthentication client_{{{"alice", Secret("secret"), "a"}, {"anybody", Secret("secret")}}};
};

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    Story().play(input);
}

}  // namespace ringwall::fuzz
