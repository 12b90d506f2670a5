#include "tls/session.h"

#include <array>

#include "base/check.h"
#include "base/endpoint.h"
#include "tls/certificate.h"
#include "tls/handshake_notes.h"
#include "tls/openssl.h"
#include "tls/span_bio.h"

namespace ringwall::tls {

namespace {

constexpr char alert_record = 21;
constexpr char handshake_record = 22;
constexpr char first_record_type = 20;
constexpr char last_record_type = 24;
constexpr int alert_protocol_version = 70;

std::time_t seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

FirstBytes classify_record(std::string_view bytes, bool is_alert_fit) {
    if (bytes.empty()) return FirstBytes::Undecided;
    if (bytes[0] != handshake_record && !(is_alert_fit && bytes[0] == alert_record)) {
        return FirstBytes::NotTls;
    }
    if (bytes.size() < 2) return FirstBytes::Undecided;
    if (bytes[1] != 3) return FirstBytes::NotTls;
    if (bytes.size() < 3) return FirstBytes::Undecided;
    return bytes[2] >= 0 && bytes[2] <= 4 ? FirstBytes::Tls : FirstBytes::NotTls;
}

}  // namespace

struct Session::Impl {
    std::shared_ptr<const Context> context;
    Spans spans;
    SslPointer ssl;
    State state = State::Handshaking;
    Failure failure = Failure::Protocol;
    std::string detail;
    HandshakeNotes notes;
    std::string first_bytes;  // until they say that it is TLS
    bool has_begun = false;   // they did

    explicit Impl(std::shared_ptr<const Context> its_context);
    void feed(std::string_view bytes, WallTime now, std::string& plaintext);
    void handshake(WallTime now);
    void read(std::string& plaintext);
    void established(WallTime now);
    void fail_with(Failure why, std::string text);
    void fail_by_openssl();
    std::string alert_text() const;
};

namespace {

// Lends the caller's string to the BIO for the length of a call.
class Lend {
public:
    Lend(Spans& spans, std::string& out) : spans_(spans) { spans_.out = &out; }
    ~Lend() { spans_ = {}; }
    Lend(const Lend&) = delete;
    Lend& operator=(const Lend&) = delete;

private:
    Spans& spans_;
};

}  // namespace

Session::Impl::Impl(std::shared_ptr<const Context> its_context)
    : context(std::move(its_context)), ssl(SSL_new(context->native())) {
    CHECK(ssl != nullptr);  // only memory can lack
    BioPointer bio = make_span_bio(spans);
    CHECK(bio != nullptr);
    SSL_set_bio(ssl.get(), bio.get(), bio.get());
    (void)bio.release();  // one reference, when it is the same for both directions
    SSL_set_app_data(ssl.get(), &notes);
    SSL_set_info_callback(ssl.get(), [](const SSL* native, int where, int value) {
        if ((where & SSL_CB_ALERT) == 0) return;
        auto* const its = static_cast<HandshakeNotes*>(SSL_get_app_data(native));
        ((where & SSL_CB_READ) != 0 ? its->alert_received : its->alert_sent) = value & 0xff;
    });
}

void Session::Impl::feed(std::string_view bytes, WallTime now, std::string& plaintext) {
    if (state == State::Failed || state == State::Closed) return;
    std::string held;
    if (!has_begun) {
        first_bytes.append(bytes);
        // A server may refuse our hello with an alert as its first record.
        switch (classify_record(first_bytes, context->role() == Context::Role::Client)) {
            case FirstBytes::Undecided:
                return;
            case FirstBytes::NotTls:
                fail_with(Failure::NotTls, "the first octets are no TLS record");
                return;
            case FirstBytes::Tls:
                has_begun = true;
                held.swap(first_bytes);
                bytes = held;
                break;
        }
    }
    spans.in = bytes;
    if (state == State::Handshaking) handshake(now);
    if (state == State::Established) read(plaintext);
}

void Session::Impl::handshake(WallTime now) {
    notes.now = now;
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl.get()), seconds(now));
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl.get());
    if (result == 1) {
        established(now);
        return;
    }
    if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ) fail_by_openssl();
}

void Session::Impl::established(WallTime now) {
    PeerIdentity& identity = notes.identity;
    identity.protocol = SSL_get_version(ssl.get());
    identity.cipher = SSL_get_cipher_name(ssl.get());
    if (SSL_session_reused(ssl.get()) == 1) {
        // It was verified when the session began; the certificate may have expired since.
        const CertificatePointer certificate(SSL_get1_peer_certificate(ssl.get()));
        if (certificate) read_names(certificate.get(), identity);
        std::time_t at = seconds(now);
        if (certificate && X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) <= 0) {
            identity.failure = X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED);
            fail_with(Failure::BadCertificate, identity.failure);
            return;
        }
    }
    identity.is_verified =
        identity.has_certificate && SSL_get_verify_result(ssl.get()) == X509_V_OK;
    state = State::Established;
}

void Session::Impl::read(std::string& plaintext) {
    // 16 kB that SSL_read fills. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
    while (true) {
        std::size_t length = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl.get(), record.data(), record.size(), &length);
        if (result == 1) {
            plaintext.append(record.data(), length);
            continue;
        }
        const int error = SSL_get_error(ssl.get(), result);
        if (error == SSL_ERROR_ZERO_RETURN) {
            state = State::Closed;
        } else if (error != SSL_ERROR_WANT_READ) {
            fail_by_openssl();
        }
        return;
    }
}

void Session::Impl::fail_with(Failure why, std::string text) {
    state = State::Failed;
    failure = why;
    detail = std::move(text);
}

std::string Session::Impl::alert_text() const {
    const auto describe = [](std::string_view direction, int alert) {
        return std::string(direction) + " alert " + std::to_string(alert) + " (" +
               SSL_alert_desc_string_long(alert) + ")";
    };
    if (notes.alert_received != no_alert) return describe("received", notes.alert_received);
    if (notes.alert_sent != no_alert) return describe("sent", notes.alert_sent);
    return "no alert";
}

void Session::Impl::fail_by_openssl() {
    const unsigned long error = ERR_peek_error();
    ERR_clear_error();
    const bool is_certificate_missing =
        ERR_GET_LIB(error) == ERR_LIB_SSL &&
        ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    const std::string text = reason_of(error) + ", " + alert_text();
    if (notes.alert_received == alert_protocol_version ||
        notes.alert_sent == alert_protocol_version) {
        fail_with(Failure::ProtocolVersion, text);
    } else if (notes.alert_received != no_alert) {
        fail_with(Failure::Alert, text);
    } else if (is_certificate_missing) {
        fail_with(Failure::NoCertificate, text);
    } else if (!notes.identity.failure.empty()) {
        fail_with(Failure::BadCertificate, notes.identity.failure + ", " + alert_text());
    } else {
        fail_with(Failure::Protocol, text);
    }
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Session Session::client(std::shared_ptr<const Context> context, std::string_view server_name) {
    CHECK(context->role() == Context::Role::Client);
    auto impl = std::make_unique<Impl>(std::move(context));
    SSL_set_connect_state(impl->ssl.get());
    // RFC 6066 §3: a name, never an address, and without the trailing dot.
    if (server_name.ends_with('.')) server_name.remove_suffix(1);
    if (!server_name.empty() && !IpAddress::parse(server_name)) {
        std::string name(server_name);
        SSL_ctrl(impl->ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 name.data());
    }
    ERR_clear_error();  // a name that is too long is not sent
    return Session(std::move(impl));
}

Session Session::server(std::shared_ptr<const Context> context) {
    CHECK(context->role() == Context::Role::Server);
    auto impl = std::make_unique<Impl>(std::move(context));
    SSL_set_accept_state(impl->ssl.get());
    return Session(std::move(impl));
}

Session::State Session::state() const {
    return impl_->state;
}
Failure Session::failure() const {
    return impl_->failure;
}
std::string Session::failure_detail() const {
    return impl_->detail;
}
bool Session::is_resumed() const {
    return SSL_session_reused(impl_->ssl.get()) == 1;
}
const PeerIdentity& Session::identity() const {
    return impl_->notes.identity;
}

bool Session::would_be_trusted_by(const Context& context, WallTime now) const {
    return !identity().has_certificate || context.trusts(impl_->ssl.get(), now);
}

void Session::feed(std::string_view bytes, WallTime now, std::string& plaintext, std::string& out) {
    const Lend lend(impl_->spans, out);
    impl_->feed(bytes, now, plaintext);
}

void Session::start(WallTime now, std::string& out) {
    if (impl_->state != State::Handshaking || impl_->context->role() != Context::Role::Client) {
        return;
    }
    const Lend lend(impl_->spans, out);
    impl_->handshake(now);
}

void Session::write(std::string_view plaintext, std::string& out) {
    if (impl_->state != State::Established || plaintext.empty()) return;
    const Lend lend(impl_->spans, out);
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(impl_->ssl.get(), plaintext.data(), plaintext.size(), &written) != 1) {
        impl_->fail_by_openssl();
    }
}

void Session::close(std::string& out) {
    if (impl_->state == State::Failed) return;
    const Lend lend(impl_->spans, out);
    // In the middle of a handshake there is nobody to say goodbye to.
    if (impl_->state != State::Handshaking) SSL_shutdown(impl_->ssl.get());
    ERR_clear_error();
    impl_->state = State::Closed;
}

std::string_view to_string(Failure failure) {
    switch (failure) {
        case Failure::NotTls:
            return "not TLS";
        case Failure::ProtocolVersion:
            return "protocol version";
        case Failure::NoCertificate:
            return "no certificate";
        case Failure::BadCertificate:
            return "bad certificate";
        case Failure::Alert:
            return "alert";
        case Failure::Protocol:
            return "protocol";
    }
    return "protocol";
}

FirstBytes classify(std::string_view first_bytes) {
    return classify_record(first_bytes, false);
}

bool begins_tls_record(char first_byte) {
    return first_byte >= first_record_type && first_byte <= last_record_type;
}

}  // namespace ringwall::tls
