// Writing a session description (RFC 8866) of one's own: what a phone says of itself, no more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "sdp/session_description.h"

namespace ringwall::sdp {

std::string_view to_string(Direction direction);  // "sendrecv"

struct Origin {
    std::uint64_t session_id = 0;
    std::uint64_t version = 0;
    IpAddress address;
};

struct FormatToWrite {
    std::uint8_t payload_type = 0;
    std::string encoding;    // of a=rtpmap: "opus/48000/2"
    std::string parameters;  // of a=fmtp, or empty
};

// One m= line with its attributes. With port 0 the m= line alone is written.
struct MediaToWrite {
    std::string media = "audio";
    std::uint16_t port = 0;
    std::string protocol = "RTP/AVP";
    std::vector<FormatToWrite> formats;
    std::string refused_formats;  // of the m= line where the port is 0, as they were offered
    std::uint16_t rtcp_port = 0;
    Duration packet_time{};
    std::vector<std::string> crypto;  // values of a=crypto
    Direction direction = Direction::SendRecv;
};

// v=, o=, s=, c=, t= and the media, each line ended by CRLF. `connection` is of the session.
std::string write(const Origin& origin, const IpAddress& connection,
                  const std::vector<MediaToWrite>& media);

}  // namespace ringwall::sdp
