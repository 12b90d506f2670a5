#include "net/tls_stream.h"

#include <algorithm>

namespace ringwall::net {

namespace {

// Who it was that was refused: the names that count, or who the certificate is of.
std::string names_of(const tls::PeerIdentity& peer) {
    constexpr std::size_t max_names = 4;
    if (!peer.has_certificate) return {};
    std::vector<std::string> names = peer.identities();
    if (names.empty()) names = peer.sip_users;
    if (names.empty()) names.push_back(peer.common_name);
    std::string text = "; certificate of";
    for (std::size_t i = 0; i < std::min(names.size(), max_names); ++i) text += " " + names[i];
    return text;
}

}  // namespace

// The handshake needs no judge of first octets but the session: Origin::Opened.
TlsStream::TlsStream(FileDescriptor fd, tls::Session session)
    : TcpStream(std::move(fd), Origin::Opened), session_(std::move(session)) {}

std::unique_ptr<TcpStream> TlsStream::accepted(FileDescriptor fd,
                                               std::shared_ptr<const tls::Context> context) {
    return std::unique_ptr<TcpStream>(
        new TlsStream(std::move(fd), tls::Session::server(std::move(context))));
}

std::unique_ptr<TcpStream> TlsStream::opened(FileDescriptor fd,
                                             std::shared_ptr<const tls::Context> context,
                                             std::string_view server_name) {
    return std::unique_ptr<TcpStream>(
        new TlsStream(std::move(fd), tls::Session::client(std::move(context), server_name)));
}

void TlsStream::begin(Now now) {
    session_.start(now.wall, outgoing());
}

void TlsStream::take(std::string_view bytes, Now now, std::string& plaintext) {
    session_.feed(bytes, now.wall, plaintext, outgoing());
    switch (session_.state()) {
        case tls::Session::State::Handshaking:
            return;
        case tls::Session::State::Established:
            is_established_ = true;
            return;
        case tls::Session::State::Closed:
            is_established_ = true;
            end_with(CloseReason::PeerClosed, "");
            return;
        case tls::Session::State::Failed:
            fail();
            return;
    }
}

void TlsStream::fail() {
    const tls::Failure failure = session_.failure();
    if (failure == tls::Failure::NotTls) {
        discard_outgoing();
        end_with(CloseReason::PlainOnTls, session_.failure_detail());
        return;
    }
    // A peer that speaks TLS 1.3 may refuse our certificate after our side of the handshake.
    const bool is_late = is_established_ && failure == tls::Failure::Protocol;
    end_with(is_late ? CloseReason::Reset : CloseReason::HandshakeFailed,
             std::string(tls::to_string(failure)) + ": " + session_.failure_detail() +
                 names_of(session_.identity()));
}

void TlsStream::encode(std::string_view plaintext, std::string& outgoing) {
    session_.write(plaintext, outgoing);
}

void TlsStream::say_goodbye(std::string& outgoing) {
    session_.close(outgoing);
}

}  // namespace ringwall::net
