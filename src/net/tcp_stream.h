// One TCP connection: reads once when told to, holds back what it cannot write yet.
//
// First bytes decide (base/close_reason.h): no SIP message begins like a TLS record, so the first
// octet of a peer tells whether it speaks TLS where we do not. On an accepted connection nothing
// of ours goes out before that octet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/close_reason.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "net/file_descriptor.h"
#include "net/outgoing_buffer.h"
#include "tls/context.h"
#include "tls/identity.h"

namespace ringwall::net {

enum class Origin : std::uint8_t { Accepted, Opened };

class TcpStream {
public:
    struct End {
        CloseReason reason;
        std::string detail;
    };

    TcpStream(FileDescriptor fd, Origin origin);
    virtual ~TcpStream() = default;
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    // What our end is to be.
    struct LocalEnd {
        std::optional<IpAddress> address = std::nullopt;  // none: the system's choice
        std::optional<PortRange> ports = std::nullopt;    // none: the system's choice
        std::optional<std::uint8_t> type_of_service = std::nullopt;
    };
    // Begins to connect: writable when that is over, see connect_error(). Of ports the first that
    // is free.
    static Result<FileDescriptor, SocketError> connect(const Endpoint& remote,
                                                       const LocalEnd& local);
    Endpoint local() const;
    // Of an opened stream that has become writable; 0: connected.
    int connect_error() const;
    // It is connected: TLS says its hello.
    virtual void begin(Now /*now*/) {}

    int fd() const { return fd_.number(); }
    // May be used: plain at once, TLS after its handshake.
    virtual bool is_established() const { return true; }
    virtual const tls::PeerIdentity* identity() const { return nullptr; }
    // See tls::Session.
    virtual bool would_be_trusted_by(const tls::Context& /*context*/, Now /*now*/) const {
        return true;
    }
    // Why it is over, if it is. What still waits may be flushed: the alert of a failed handshake.
    const std::optional<End>& end() const { return end_; }

    // Reads once, at most scratch.size() octets, and appends what is for the user to `plaintext`.
    void receive(std::span<char> scratch, Now now, std::string& plaintext);
    // Reads once for nobody. False when there is no more to come.
    bool drain(std::span<char> scratch);

    // Kept for the next flush().
    void queue(std::string_view plaintext) { plaintext_.append(plaintext); }
    // Writes what may be written; an error ends the stream (Reset).
    void flush();
    // Nothing is queued after this: TLS says close_notify behind what is queued.
    void finish();
    // After the last flush: tells the peer that nothing follows.
    void shut_down_writing();

    std::size_t waiting() const { return plaintext_.size() + outgoing_.waiting(); }
    // The system's buffer is full: flush() again when writable.
    bool is_blocked() const { return outgoing_.waiting() != 0; }

protected:
    // Octets from the peer.
    virtual void take(std::string_view bytes, Now now, std::string& plaintext);
    // What is queued, as it goes over the wire.
    virtual void encode(std::string_view plaintext, std::string& outgoing);
    virtual void say_goodbye(std::string& /*outgoing*/) {}

    void end_with(CloseReason reason, std::string detail);
    void discard_outgoing() { outgoing_.discard(); }
    std::string& outgoing() { return outgoing_.octets(); }

private:
    void encode_queued();

    FileDescriptor fd_;
    bool is_judged_;  // the first octet has been seen, or need not be
    bool has_received_ = false;
    std::string plaintext_;
    OutgoingBuffer outgoing_;
    std::optional<End> end_;
};

}  // namespace ringwall::net
