// A TCP connection that speaks TLS from its first octet (RFC 3261 §26.2.1).
#pragma once

#include "net/tcp_stream.h"
#include "tls/session.h"

namespace ringwall::net {

class TlsStream final : public TcpStream {
public:
    static std::unique_ptr<TcpStream> accepted(FileDescriptor fd,
                                               std::shared_ptr<const tls::Context> context);
    static std::unique_ptr<TcpStream> opened(FileDescriptor fd,
                                             std::shared_ptr<const tls::Context> context,
                                             std::string_view server_name);

    void begin(Now now) override;
    bool is_established() const override { return is_established_; }
    const tls::PeerIdentity* identity() const override { return &session_.identity(); }
    bool would_be_trusted_by(const tls::Context& context, Now now) const override {
        return session_.would_be_trusted_by(context, now.wall);
    }

protected:
    void take(std::string_view bytes, Now now, std::string& plaintext) override;
    void encode(std::string_view plaintext, std::string& outgoing) override;
    void say_goodbye(std::string& outgoing) override;

private:
    TlsStream(FileDescriptor fd, tls::Session session);
    void fail();

    tls::Session session_;
    bool is_established_ = false;
};

}  // namespace ringwall::net
