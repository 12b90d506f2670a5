#include "sdp/writing.h"

#include <chrono>

namespace ringwall::sdp {
namespace {

// "IN IP4 192.0.2.1"
std::string address_text(const IpAddress& address) {
    return (address.family == IpAddress::Family::V4 ? "IN IP4 " : "IN IP6 ") + address.to_string();
}

void write_refused(const MediaToWrite& media, std::string& out) {
    out.append("m=").append(media.media).append(" 0 ").append(media.protocol);
    out.append(" ").append(media.refused_formats).append("\r\n");
}

void write_media(const MediaToWrite& media, std::string& out) {
    out.append("m=").append(media.media).append(" ").append(std::to_string(media.port));
    out.append(" ").append(media.protocol);
    for (const FormatToWrite& format : media.formats) {
        out.append(" ").append(std::to_string(format.payload_type));
    }
    out.append("\r\n");
    for (const FormatToWrite& format : media.formats) {
        const std::string number = std::to_string(format.payload_type);
        out.append("a=rtpmap:").append(number).append(" ").append(format.encoding).append("\r\n");
        if (!format.parameters.empty()) {
            out.append("a=fmtp:").append(number).append(" ");
            out.append(format.parameters).append("\r\n");
        }
    }
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(media.packet_time).count();
    out.append("a=ptime:").append(std::to_string(milliseconds)).append("\r\n");
    out.append("a=rtcp:").append(std::to_string(media.rtcp_port)).append("\r\n");
    for (const std::string& crypto : media.crypto) {
        out.append("a=crypto:").append(crypto).append("\r\n");
    }
    out.append("a=").append(to_string(media.direction)).append("\r\n");
}

}  // namespace

std::string_view to_string(Direction direction) {
    switch (direction) {
        case Direction::SendRecv:
            return "sendrecv";
        case Direction::SendOnly:
            return "sendonly";
        case Direction::RecvOnly:
            return "recvonly";
        case Direction::Inactive:
            return "inactive";
    }
    return "";
}

std::string write(const Origin& origin, const IpAddress& connection,
                  const std::vector<MediaToWrite>& media) {
    std::string out = "v=0\r\no=- ";
    out.append(std::to_string(origin.session_id)).append(" ");
    out.append(std::to_string(origin.version)).append(" ");
    out.append(address_text(origin.address)).append("\r\ns=-\r\nc=");
    out.append(address_text(connection)).append("\r\nt=0 0\r\n");
    for (const MediaToWrite& each : media) {
        if (each.port == 0) {
            write_refused(each, out);
        } else {
            write_media(each, out);
        }
    }
    return out;
}

}  // namespace ringwall::sdp
