#include "media/srtp_receiver.h"

#include <algorithm>

#include "media/rtp_packet.h"

namespace ringwall::media {

namespace {

constexpr std::uint64_t window_size = 64;
// Of one call. A peer has one sender at a time; more come and go when calls are transferred.
constexpr std::size_t max_senders = 8;
constexpr std::uint64_t rollover = 0x1'0000;

// RFC 3711 §3.3.1: the index with this sequence number that lies nearest.
std::uint64_t estimate(std::uint64_t highest, std::uint16_t sequence) {
    const std::uint64_t same = (highest & ~std::uint64_t{0xffff}) | sequence;
    const auto last = static_cast<std::uint16_t>(highest);
    if (last < 0x8000 && sequence > last + 0x8000 && same >= rollover) return same - rollover;
    if (last >= 0x8000 && sequence < last - 0x8000) return same + rollover;
    return same;
}

}  // namespace

bool ReplayWindow::is_replayed(std::uint64_t index) const {
    if (index >= next_) return false;
    const std::uint64_t behind = next_ - 1 - index;
    return behind >= window_size || ((seen_ >> behind) & 1) != 0;
}

void ReplayWindow::accept(std::uint64_t index) {
    if (index >= next_) {
        const std::uint64_t forward = index + 1 - next_;
        seen_ = forward >= window_size ? 0 : seen_ << forward;
        next_ = index + 1;
    }
    seen_ |= std::uint64_t{1} << (next_ - 1 - index);
}

SrtpReceiver::SrtpReceiver(const SrtpKey& key)
    : rtp_(*suite_parameters(key.suite),
           derive_session_keys(*suite_parameters(key.suite), key.key_and_salt, SrtpPurpose::Rtp)),
      rtcp_(
          *suite_parameters(key.suite),
          derive_session_keys(*suite_parameters(key.suite), key.key_and_salt, SrtpPurpose::Rtcp)) {}

SrtpReceiver::Sender* SrtpReceiver::find(std::uint32_t ssrc) {
    const auto found = std::find_if(senders_.begin(), senders_.end(),
                                    [&](const Sender& sender) { return sender.ssrc == ssrc; });
    return found == senders_.end() ? nullptr : &*found;
}

SrtpReceiver::Sender& SrtpReceiver::find_or_add(std::uint32_t ssrc) {
    Sender* sender = find(ssrc);
    if (sender == nullptr) {
        if (senders_.size() < max_senders) {
            sender = &senders_.emplace_back();
        } else {
            sender = &*std::min_element(
                senders_.begin(), senders_.end(),
                [](const Sender& a, const Sender& b) { return a.last_used < b.last_used; });
        }
        *sender = Sender{};
        sender->ssrc = ssrc;
    }
    sender->last_used = ++uses_;
    return *sender;
}

SrtpVerdict SrtpReceiver::open_rtp_at(std::uint32_t ssrc, std::size_t header_length,
                                      std::uint64_t index, Octets& packet) {
    const Sender* const known = find(ssrc);
    if (known != nullptr && known->rtp.is_replayed(index)) return SrtpVerdict::Replayed;
    if (!rtp_.open_rtp(header_length, index, packet)) return SrtpVerdict::Forged;
    Sender& sender = find_or_add(ssrc);
    sender.rtp.accept(index);
    sender.highest =
        sender.has_rtp && !sender.is_inherited ? std::max(sender.highest, index) : index;
    sender.has_rtp = true;
    sender.is_inherited = false;
    return SrtpVerdict::Genuine;
}

SrtpVerdict SrtpReceiver::open_rtp(Octets& packet) {
    const auto header_length = rtp_header_length(packet);
    if (!header_length) return SrtpVerdict::Malformed;
    const OctetsView view(packet);
    const std::uint16_t sequence = get_16(view.subspan(2));
    const std::uint32_t ssrc = get_32(view.subspan(8));
    const Sender* const sender = find(ssrc);
    if (sender == nullptr || !sender->has_rtp) {
        return open_rtp_at(ssrc, *header_length, sequence, packet);
    }
    const std::uint64_t index = estimate(sender->highest, sequence);
    if (!sender->is_inherited || index < rollover) {
        return open_rtp_at(ssrc, *header_length, index, packet);
    }
    // Some begin anew with a new key. GCM may leave the packet changed when it fails.
    Octets copy = packet;
    const SrtpVerdict verdict = open_rtp_at(ssrc, *header_length, index, copy);
    if (verdict != SrtpVerdict::Forged) {
        packet = std::move(copy);
        return verdict;
    }
    return open_rtp_at(ssrc, *header_length, sequence, packet);
}

SrtpVerdict SrtpReceiver::open_rtcp(Octets& packet) {
    const auto index = rtcp_.rtcp_index(packet);
    if (!index) return SrtpVerdict::Malformed;
    const std::uint32_t ssrc = get_32(OctetsView(packet).subspan(4));
    const Sender* const known = find(ssrc);
    if (known != nullptr && known->rtcp.is_replayed(*index)) return SrtpVerdict::Replayed;
    if (!rtcp_.open_rtcp(packet)) return SrtpVerdict::Forged;
    find_or_add(ssrc).rtcp.accept(*index);
    return SrtpVerdict::Genuine;
}

void SrtpReceiver::continue_from(const SrtpReceiver& before) {
    senders_.clear();
    for (const Sender& sender : before.senders_) {
        if (!sender.has_rtp) continue;
        Sender& mine = senders_.emplace_back();
        mine.ssrc = sender.ssrc;
        mine.highest = sender.highest;
        mine.has_rtp = true;
        mine.is_inherited = true;
    }
}

}  // namespace ringwall::media
