// Two TLS sessions and somebody between them who changes, drops, repeats and makes up octets, from
// each stage of the handshake on, in both directions. Whatever he does: what a side reads is what
// the other wrote, from the beginning and in order; nobody takes him for the other; nothing is read
// before the handshake is done, and nothing comes back from an end.
#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_set_rand_method has no other way to the same octets
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <optional>
#include <string>

#include "base/check.h"
#include "base/random.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "tls/session.h"
#include "unit/tls/test_pki.h"

namespace ringwall::fuzz {
namespace {

using tls::Context;
using tls::Session;
using State = Session::State;

// The same octets give the same run: OpenSSL's randomness begins anew with each.
SeededRandom* randomness = nullptr;

int give_random(unsigned char* out, int length) {
    randomness->fill({out, static_cast<std::size_t>(length)});
    return 1;
}

void begin_randomness() {
    static const RAND_METHOD method{nullptr, give_random, nullptr,
                                    nullptr, give_random, [] { return 1; }};
    static SeededRandom random(0);
    random = SeededRandom(1);
    randomness = &random;
    RAND_set_rand_method(&method);
}

struct World {
    World() {
        const tls::test::TestAuthority authority;
        const auto of_server =
            authority.issue({.common_name = "sbc", .alt_names = "URI:sip:sbc.example"});
        const auto of_client =
            authority.issue({.common_name = "phone", .alt_names = "URI:sip:alice@sbc.example"});
        auto server_options = tls::test::options_for(of_server, authority.certificate());
        const auto client_options = tls::test::options_for(of_client, authority.certificate());
        server = *Context::create(Context::Role::Server, server_options);
        server_options.client_authentication = tls::ClientAuthentication::Required;
        strict_server = *Context::create(Context::Role::Server, server_options);
        client = *Context::create(Context::Role::Client, client_options);
        client_of_tls12 = *Context::create(Context::Role::Client, client_options);
        SSL_CTX_set_max_proto_version(client_of_tls12->native(), TLS1_2_VERSION);
        tls::ContextOptions options_of_nobody;
        options_of_nobody.trust_anchors = authority.certificate();
        nobody = *Context::create(Context::Role::Client, options_of_nobody);
    }
    std::shared_ptr<const Context> server, strict_server, client, client_of_tls12, nobody;
};

constexpr std::size_t longest = 65'536;  // on a wire: what is repeated doubles

// One end and the wire that leads to it.
struct End {
    Session session;
    bool must_know_peer = false;
    std::string wire{};   // on its way to this end
    std::string heard{};  // plaintext
    std::string said{};   // by this end
    State last = State::Handshaking;
};

void check(End& end, const End& other) {
    const State state = end.session.state();
    CHECK(other.said.starts_with(end.heard));
    CHECK(end.heard.empty() || state != State::Handshaking);
    const bool has_ended = end.last == State::Closed || end.last == State::Failed;
    CHECK(!has_ended || state == end.last);
    CHECK(end.last == State::Handshaking || state != State::Handshaking);
    end.last = state;
    if (state == State::Established) {
        const tls::PeerIdentity& peer = end.session.identity();
        CHECK(!end.must_know_peer || (peer.has_certificate && peer.is_verified));
        CHECK(!peer.has_certificate || peer.is_verified);
        CHECK(!peer.protocol.empty() && !peer.cipher.empty());
    }
    CHECK(state != State::Failed || !end.session.failure_detail().empty());
}

class Wire {
public:
    Wire(End client, End server) : client_(std::move(client)), server_(std::move(server)) {
        client_.session.start(now_, server_.wire);
    }

    void carry(bool to_server, std::size_t length) {
        End& end = to_server ? server_ : client_;
        End& other = to_server ? client_ : server_;
        const std::string octets = end.wire.substr(0, length);
        end.wire.erase(0, length);
        end.session.feed(octets, now_, end.heard, other.wire);
        check(end, other);
        check(other, end);
    }
    void meddle(Input& input) {
        End& end = input.flip() ? server_ : client_;
        End& other = &end == &server_ ? client_ : server_;
        if (end.wire.size() > longest || other.wire.size() > longest) {
            return settle();
        }
        const std::size_t at =
            end.wire.empty() ? 0 : (input.octet() * 256U + input.octet()) % end.wire.size();
        switch (input.below(8)) {
            case 0:
                if (!end.wire.empty()) {
                    end.wire[at] =
                        static_cast<char>(end.wire[at] ^ static_cast<char>(input.octet()));
                }
                return;
            case 1:
                end.wire.erase(at, 1 + input.below(64));
                return;
            case 2:
                end.wire.insert(at, input.take(input.below(64)));
                return;
            case 3:  // once more
                end.wire.append(end.wire, at, std::string::npos);
                return;
            case 4:  // back to whom it came from
                other.wire.append(end.wire);
                return;
            case 5:
                speak(end, other);
                return;
            case 6:
                if (input.below(4) == 0) {
                    end.session.close(other.wire);
                    check(end, other);
                }
                return;
            default:
                return carry(&end == &server_, 1 + input.octet());
        }
    }
    void speak(End& end, End& other) {
        if (end.session.state() != State::Established) {
            return;
        }
        const std::string words = "OPTIONS " + std::to_string(end.said.size()) + "\r\n";
        end.session.write(words, other.wire);
        end.said += words;
    }
    void settle() {
        for (int i = 0; i < 32 && !(client_.wire.empty() && server_.wire.empty()); ++i) {
            carry(true, std::string::npos);
            carry(false, std::string::npos);
        }
    }
    void check_untouched() {
        settle();
        CHECK(client_.session.state() == State::Established);
        CHECK(server_.session.state() == State::Established);
        speak(client_, server_);
        speak(server_, client_);
        settle();
        CHECK(server_.heard == client_.said && client_.heard == server_.said);
    }

private:
    End client_;
    End server_;
    WallTime now_ = tls::test::new_year;
};

}  // namespace

void run(std::string_view octets) {
    begin_randomness();
    static const World world;
    begin_randomness();
    Input input(octets.substr(0, 1024));
    const bool is_strict = input.flip();
    const auto& client_context =
        input.one_of({&world.client, &world.client_of_tls12, &world.client, &world.nobody});
    const bool is_nobody = *client_context == world.nobody;
    Wire wire({.session = Session::client(*client_context, "sbc.example"), .must_know_peer = true},
              {.session = Session::server(is_strict ? world.strict_server : world.server),
               .must_know_peer = is_strict});
    // The stage: so many flights arrive as they were sent.
    const std::size_t stage = input.below(7);
    for (std::size_t flight = 0; flight < stage; ++flight) {
        wire.carry(flight % 2 == 0, std::string::npos);
    }
    if (input.is_empty() && !(is_nobody && is_strict)) {
        return wire.check_untouched();
    }
    while (!input.is_empty()) {
        wire.meddle(input);
    }
    wire.settle();
}

}  // namespace ringwall::fuzz
