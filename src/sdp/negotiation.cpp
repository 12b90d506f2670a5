#include "sdp/negotiation.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "base/text.h"

namespace ringwall::sdp {
namespace {

enum class Profile : std::uint8_t { Plain, Secure };

// RTP alone; what needs DTLS is not for us. With or without feedback (RFC 4585, RFC 5124) is all
// the same.
std::optional<Profile> profile_of(std::string_view protocol) {
    if (equals_ignoring_case(protocol, "RTP/AVP") || equals_ignoring_case(protocol, "RTP/AVPF")) {
        return Profile::Plain;
    }
    if (equals_ignoring_case(protocol, "RTP/SAVP") || equals_ignoring_case(protocol, "RTP/SAVPF")) {
        return Profile::Secure;
    }
    return std::nullopt;
}

bool sends(Direction direction) {
    return direction == Direction::SendRecv || direction == Direction::SendOnly;
}
bool receives(Direction direction) {
    return direction == Direction::SendRecv || direction == Direction::RecvOnly;
}
Direction direction_of(bool is_sending, bool is_receiving) {
    if (is_sending) {
        return is_receiving ? Direction::SendRecv : Direction::SendOnly;
    }
    return is_receiving ? Direction::RecvOnly : Direction::Inactive;
}

// "IN IP4 192.0.2.1"; no names, no multicast.
std::optional<IpAddress> address_of(std::string_view connection) {
    connection = trim(connection);
    const bool is_v4 = connection.starts_with("IN IP4 ");
    if (!is_v4 && !connection.starts_with("IN IP6 ")) {
        return std::nullopt;
    }
    const std::string_view text = trim(connection.substr(7));
    const auto address = IpAddress::parse(text);
    const auto family = is_v4 ? IpAddress::Family::V4 : IpAddress::Family::V6;
    if (!address || text.starts_with('[') || address->family != family ||
        address->is_broadcast_or_multicast()) {
        return std::nullopt;
    }
    return address;
}

// RFC 3605: "53020" or "53020 IN IP4 192.0.2.1".
std::optional<Endpoint> rtcp_of(const Media& media, const IpAddress& rtp) {
    const Attribute* const attribute = media.find("rtcp");
    if (attribute == nullptr) {
        return std::nullopt;
    }
    const std::string_view value = trim(attribute->value);
    const std::size_t blank = value.find(' ');
    const auto port = parse_number(value.substr(0, blank), 65535);
    if (!port || *port == 0) {
        return std::nullopt;
    }
    const auto address =
        blank == std::string_view::npos ? std::optional(rtp) : address_of(value.substr(blank));
    if (!address || address->family != rtp.family) {
        return std::nullopt;
    }
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

// Where the far end is and what it wants of us, into `stream`. RFC 3264 §8.4: 0.0.0.0 is an older
// way of holding.
Result<void, NegotiationFault> read_remote(const Media& media, const LocalAudio& local,
                                           AudioStream& stream) {
    const auto address = address_of(media.connection);
    if (!address || (!address->is_unspecified() && address->family != local.rtp.address.family)) {
        return fail(NegotiationFault::NoAddress);
    }
    stream.remote = Endpoint{*address, media.port};
    stream.remote_rtcp = rtcp_of(media, *address);
    stream.is_held = address->is_unspecified() || !receives(media.direction);
    stream.direction = direction_of(sends(local.direction) && !stream.is_held,
                                    receives(local.direction) && sends(media.direction));
    return {};
}

std::vector<std::string_view> crypto_values(const Media& media) {
    std::vector<std::string_view> out;
    for (const Attribute& attribute : media.attributes) {
        if (equals_ignoring_case(trim(attribute.name), "crypto")) {
            out.push_back(attribute.value);
        }
    }
    return out;
}

Result<std::vector<CryptoAttribute>, NegotiationFault> cryptos_of(const Media& media) {
    std::vector<CryptoAttribute> out;
    for (const std::string_view value : crypto_values(media)) {
        auto crypto = parse_crypto_attribute(value);
        if (!crypto || std::ranges::find(out, crypto->tag, &CryptoAttribute::tag) != out.end()) {
            return fail(NegotiationFault::BadCrypto);
        }
        out.push_back(std::move(*crypto));
    }
    return out;
}

// One key for the whole stream, without MKI, derived once. RFC 4568 §6.3.7: an unknown parameter
// may be passed over if it begins with '-'; the window size is a hint.
bool is_usable(const CryptoAttribute& crypto, std::span<const CryptoSuite> suites) {
    const auto is_harmless = [](std::string_view parameter) {
        return parameter.starts_with('-') || parameter.starts_with("WSH=") || parameter == "KDR=0";
    };
    return crypto.protects_media() && crypto.keys.size() == 1 && crypto.keys.front().mki.empty() &&
           std::ranges::find(suites, crypto.suite) != suites.end() &&
           std::ranges::all_of(crypto.session_parameters, is_harmless);
}

std::optional<std::uint8_t> event_of(std::span<const AudioFormat> formats) {
    const auto event = std::ranges::find(formats, std::optional<AudioCodec>(), &AudioFormat::codec);
    return event == formats.end() ? std::nullopt : std::optional(event->payload_type);
}

const AudioFormat* find(std::span<const AudioFormat> formats, AudioCodec codec) {
    const auto found = std::ranges::find(formats, std::optional(codec), &AudioFormat::codec);
    return found == formats.end() ? nullptr : &*found;
}

// The codecs in common, in the order of who decides.
std::vector<AudioFormat> common_codecs(std::span<const AudioFormat> theirs,
                                       const LocalAudio& local) {
    std::vector<AudioFormat> out;
    if (local.order == LocalAudio::Order::Ours) {
        for (const AudioCodec codec : local.codecs) {
            if (const AudioFormat* const format = find(theirs, codec)) {
                out.push_back(*format);
            }
        }
    } else {
        std::ranges::copy_if(theirs, std::back_inserter(out), [&](const AudioFormat& format) {
            return format.codec &&
                   std::ranges::find(local.codecs, *format.codec) != local.codecs.end();
        });
    }
    return out;
}

std::vector<FormatToWrite> to_write(std::span<const AudioFormat> formats) {
    std::vector<FormatToWrite> out;
    for (const AudioFormat& format : formats) {
        if (format.codec) {
            out.push_back({format.payload_type, std::string(encoding_of(*format.codec)),
                           std::string(format_parameters_of(*format.codec))});
        } else {
            out.push_back({format.payload_type, "telephone-event/8000", "0-15"});
        }
    }
    return out;
}

std::string joined(std::span<const std::string_view> words) {
    std::string out;
    for (const std::string_view word : words) {
        out.append(out.empty() ? "" : " ").append(word);
    }
    return out;
}

MediaToWrite own_media(const LocalAudio& local, std::string protocol,
                       std::span<const AudioFormat> formats) {
    return {.port = local.rtp.port,
            .protocol = std::move(protocol),
            .formats = to_write(formats),
            .refused_formats = {},
            .rtcp_port = static_cast<std::uint16_t>(local.rtp.port + 1),
            .packet_time = local.packet_time,
            .crypto = {},
            .direction = local.direction};
}

// Ours for this suite: of those that are there, or a new one.
SrtpKey key_for(CryptoSuite suite, std::vector<SrtpKey>& keys, Random& random) {
    const auto known = std::ranges::find(keys, suite, &SrtpKey::suite);
    if (known != keys.end()) {
        return *known;
    }
    std::array<std::uint8_t, 64> octets{};
    const auto key = std::span(octets).first(key_and_salt_length(suite));
    random.fill(key);
    std::string text(key.begin(), key.end());
    std::ranges::fill(octets, std::uint8_t{0});
    return keys.emplace_back(SrtpKey{suite, Secret(std::move(text))});
}

}  // namespace

std::string_view to_string(NegotiationFault fault) {
    switch (fault) {
        case NegotiationFault::NoAudio:
            return "no-audio";
        case NegotiationFault::Refused:
            return "refused";
        case NegotiationFault::MediaLines:
            return "media-lines";
        case NegotiationFault::BadProfile:
            return "bad-profile";
        case NegotiationFault::NoAddress:
            return "no-address";
        case NegotiationFault::NoCodec:
            return "no-codec";
        case NegotiationFault::NotSecure:
            return "not-secure";
        case NegotiationFault::NotPlain:
            return "not-plain";
        case NegotiationFault::BadCrypto:
            return "bad-crypto";
        case NegotiationFault::NoSuite:
            return "no-suite";
        case NegotiationFault::NotOffered:
            return "not-offered";
        case NegotiationFault::ReflectedKey:
            return "reflected-key";
    }
    return "";
}

// RFC 3264 §5: id and version fit into 63 bits; 62 leave room to count.
Negotiation::Negotiation(Random& random) : session_id_(random.number() >> 2U) {}

SrtpPolicy Negotiation::policy(const LocalAudio& local) const {
    return is_secure_ ? SrtpPolicy::Required : local.srtp;
}

std::string Negotiation::offer(const LocalAudio& local, Random& random) {
    offered_ = {.local = local, .formats = formats_to_offer(local), .keys = {}};
    const SrtpPolicy wanted = policy(local);
    // What was agreed goes on under the same name, with feedback or without.
    std::string protocol = wanted == SrtpPolicy::Required ? "RTP/SAVP" : "RTP/AVP";
    if (own_slot_ < slots_.size() && (is_secure_ || wanted != SrtpPolicy::Required)) {
        protocol = slots_[own_slot_].protocol;
    }
    MediaToWrite own = own_media(local, std::move(protocol), offered_.formats);
    if (wanted != SrtpPolicy::PlainOnly) {
        std::vector<SrtpKey> keys = keys_;
        for (const CryptoSuite suite : local.suites) {
            offered_.keys.push_back(key_for(suite, keys, random));
            own.crypto.push_back(
                write_crypto_attribute(static_cast<std::uint32_t>(offered_.keys.size()), suite,
                                       offered_.keys.back().key_and_salt));
        }
    }
    return describe(local, with_refused(std::move(own)));
}

// The codecs in our order, under the numbers that the session knows them by.
std::vector<AudioFormat> Negotiation::formats_to_offer(const LocalAudio& local) const {
    constexpr std::uint8_t first_dynamic = 96;
    std::vector<AudioFormat> out;
    const auto event = local.event_payload_type
                           ? std::optional(event_of(formats_).value_or(*local.event_payload_type))
                           : std::nullopt;
    const auto is_taken = [&](std::uint8_t number) {
        return number == event ||
               std::ranges::find(formats_, number, &AudioFormat::payload_type) != formats_.end() ||
               std::ranges::find(out, number, &AudioFormat::payload_type) != out.end();
    };
    for (const AudioCodec codec : local.codecs) {
        if (const AudioFormat* const known = find(formats_, codec)) {
            out.push_back(*known);
            continue;
        }
        std::uint8_t number = static_payload_type_of(codec).value_or(first_dynamic);
        while (is_taken(number) && number < 127) {
            number = std::max<std::uint8_t>(first_dynamic, number + 1);
        }
        out.push_back({number, codec});
    }
    if (event) {
        out.push_back({*event, std::nullopt});
    }
    return out;
}

std::vector<MediaToWrite> Negotiation::with_refused(MediaToWrite own) const {
    std::vector<MediaToWrite> out;
    for (const Slot& slot : slots_) {
        MediaToWrite refused;
        refused.media = slot.media;
        refused.protocol = slot.protocol;
        refused.refused_formats = slot.formats;
        out.push_back(std::move(refused));
    }
    if (out.empty()) {
        out.emplace_back();
    }
    out[own_slot_] = std::move(own);
    return out;
}

std::string Negotiation::describe(const LocalAudio& local, const std::vector<MediaToWrite>& media) {
    std::string described = write({session_id_, 0, local.rtp.address}, local.rtp.address, media);
    if (described != described_) {
        ++version_;
        described_ = std::move(described);
    }
    return write({session_id_, version_, local.rtp.address}, local.rtp.address, media);
}

void Negotiation::remember_formats(const std::vector<AudioFormat>& formats) {
    for (const AudioFormat& format : formats) {
        if (std::ranges::find(formats_, format.codec, &AudioFormat::codec) == formats_.end()) {
            formats_.push_back(format);
        }
    }
}

Result<AudioStream, NegotiationFault> Negotiation::judge(const SessionDescription& answer) {
    const std::size_t lines = std::max<std::size_t>(slots_.size(), 1);
    if (answer.media().size() != lines || answer.media()[own_slot_].media != "audio") {
        return fail(NegotiationFault::MediaLines);
    }
    const Media& media = answer.media()[own_slot_];
    if (media.port == 0) {
        return fail(NegotiationFault::Refused);
    }
    if (!profile_of(media.protocol)) {
        return fail(NegotiationFault::BadProfile);
    }
    AudioStream stream;
    TRY(read_remote(media, offered_.local, stream));

    TRY(judge_formats(media, stream));
    TRY(judge_keys(media, stream));

    if (slots_.empty()) {
        slots_.push_back({"audio", {}, {}});
    }
    slots_[own_slot_].protocol = media.protocol;
    keys_ = offered_.keys;
    remember_formats(offered_.formats);
    is_secure_ = stream.send_key.has_value();
    return stream;
}

// The first codec of the answer is what we send; all of it may come.
Result<void, NegotiationFault> Negotiation::judge_formats(const Media& media,
                                                          AudioStream& stream) const {
    const auto theirs = audio_formats_of(media);
    for (const AudioFormat& format : theirs) {
        const AudioFormat* const ours =
            format.codec ? find(offered_.formats, *format.codec) : nullptr;
        if (ours != nullptr) {
            if (stream.receive.empty()) {
                stream.codec = *format.codec;
                stream.payload_type = format.payload_type;
            }
            stream.receive.push_back({ours->payload_type, *ours->codec});
        }
    }
    if (stream.receive.empty()) {
        return fail(NegotiationFault::NoCodec);
    }
    if (event_of(theirs) && event_of(offered_.formats)) {
        stream.event_to_send = event_of(theirs);
        stream.event_to_receive = event_of(offered_.formats);
    }
    stream.packet_time = packet_time_to_send(media, stream.codec, offered_.local.packet_time);
    return {};
}

Result<void, NegotiationFault> Negotiation::judge_keys(const Media& media,
                                                       AudioStream& stream) const {
    const bool is_secure_profile = profile_of(media.protocol) == Profile::Secure;
    if (offered_.keys.empty()) {
        return is_secure_profile
                   ? Result<void, NegotiationFault>(fail(NegotiationFault::NotOffered))
                   : Result<void, NegotiationFault>();
    }
    auto cryptos = TRY(cryptos_of(media));
    if (cryptos.empty()) {
        const bool must_be = policy(offered_.local) == SrtpPolicy::Required || is_secure_profile;
        return must_be ? Result<void, NegotiationFault>(fail(NegotiationFault::NotSecure))
                       : Result<void, NegotiationFault>();
    }
    // RFC 4568 §5.1.3: exactly one, with the tag and the suite of an offered one.
    CryptoAttribute& crypto = cryptos.front();
    if (cryptos.size() != 1 || crypto.tag == 0 || crypto.tag > offered_.keys.size() ||
        offered_.keys[crypto.tag - 1].suite != crypto.suite) {
        return fail(NegotiationFault::NotOffered);
    }
    if (!is_usable(crypto, offered_.local.suites)) {
        return fail(NegotiationFault::NoSuite);
    }
    if (std::ranges::find(offered_.keys, crypto.keys.front().key_and_salt,
                          &SrtpKey::key_and_salt) != offered_.keys.end()) {
        return fail(NegotiationFault::ReflectedKey);
    }
    stream.send_key = offered_.keys[crypto.tag - 1];
    stream.receive_key = SrtpKey{crypto.suite, std::move(crypto.keys.front().key_and_salt)};
    return {};
}

struct Negotiation::Chosen {
    AudioStream stream;
    MediaToWrite media;
    std::vector<AudioFormat> formats;  // of the answer
    std::vector<SrtpKey> keys;
};

Result<Negotiation::Chosen, NegotiationFault> Negotiation::choose(const Media& media,
                                                                  const LocalAudio& local,
                                                                  Random& random) const {
    Chosen chosen;
    AudioStream& stream = chosen.stream;
    if (!profile_of(media.protocol)) {
        return fail(NegotiationFault::BadProfile);
    }
    TRY(read_remote(media, local, stream));

    const auto theirs = audio_formats_of(media);
    std::vector<AudioFormat>& formats = chosen.formats;
    formats = common_codecs(theirs, local);
    if (formats.empty()) {
        return fail(NegotiationFault::NoCodec);
    }
    if (local.answer_with == LocalAudio::AnswerWith::OneCodec) {
        formats.resize(1);
    }
    stream.codec = *formats.front().codec;
    stream.payload_type = formats.front().payload_type;
    for (const AudioFormat& format : formats) {
        stream.receive.push_back({format.payload_type, *format.codec});
    }
    if (const auto event = event_of(theirs); event && local.event_payload_type) {
        stream.event_to_send = stream.event_to_receive = event;
        formats.push_back({*event, std::nullopt});
    }
    stream.packet_time = packet_time_to_send(media, stream.codec, local.packet_time);

    chosen.media = own_media(local, std::string(media.protocol), formats);
    chosen.media.direction = stream.direction;

    TRY(choose_keys(media, local, random, chosen));
    return chosen;
}

Result<void, NegotiationFault> Negotiation::choose_keys(const Media& media, const LocalAudio& local,
                                                        Random& random, Chosen& chosen) const {
    using Done = Result<void, NegotiationFault>;
    const bool is_secure_profile = profile_of(media.protocol) == Profile::Secure;
    const SrtpPolicy wanted = policy(local);
    chosen.keys = keys_;
    if (wanted == SrtpPolicy::PlainOnly) {
        return is_secure_profile ? Done(fail(NegotiationFault::NotPlain)) : Done();
    }
    auto cryptos = TRY(cryptos_of(media));
    if (cryptos.empty()) {
        // RTP/SAVP without SDES keys has them from elsewhere (DTLS, MIKEY): nothing for us.
        if (is_secure_profile) {
            return fail(NegotiationFault::NoSuite);
        }
        return wanted == SrtpPolicy::Required ? Done(fail(NegotiationFault::NotSecure)) : Done();
    }
    const auto crypto = std::ranges::find_if(
        cryptos, [&](const CryptoAttribute& each) { return is_usable(each, local.suites); });
    if (crypto == cryptos.end()) {
        return fail(NegotiationFault::NoSuite);
    }
    AudioStream& stream = chosen.stream;
    stream.send_key = key_for(crypto->suite, chosen.keys, random);
    stream.receive_key = SrtpKey{crypto->suite, crypto->keys.front().key_and_salt};
    if (*stream.send_key == *stream.receive_key) {
        return fail(NegotiationFault::ReflectedKey);
    }
    chosen.media.crypto = {
        write_crypto_attribute(crypto->tag, crypto->suite, stream.send_key->key_and_salt)};
    return {};
}

Result<Negotiation::Answer, NegotiationFault> Negotiation::answer(const SessionDescription& offer,
                                                                  const LocalAudio& local,
                                                                  Random& random) {
    NegotiationFault fault = NegotiationFault::NoAudio;
    std::optional<Chosen> best;
    std::size_t at = 0;
    for (std::size_t i = 0; i < offer.media().size(); ++i) {
        const Media& media = offer.media()[i];
        if (media.media != "audio" || media.port == 0) {
            continue;
        }
        auto chosen = choose(media, local, random);
        if (!chosen) {
            fault = fault == NegotiationFault::NoAudio ? chosen.error() : fault;
            continue;
        }
        if (!best || (!best->stream.send_key && chosen->stream.send_key)) {
            at = i;
            best = std::move(*chosen);
        }
    }
    if (!best) {
        return fail(fault);
    }
    slots_.clear();
    for (const Media& each : offer.media()) {
        slots_.push_back(
            {std::string(each.media), std::string(each.protocol), joined(each.formats)});
    }
    own_slot_ = at;
    keys_ = std::move(best->keys);
    remember_formats(best->formats);
    is_secure_ = best->stream.send_key.has_value();
    offered_ = {};  // an offer of ours that crossed with this one has failed
    return Answer{describe(local, with_refused(std::move(best->media))), std::move(best->stream)};
}

}  // namespace ringwall::sdp
