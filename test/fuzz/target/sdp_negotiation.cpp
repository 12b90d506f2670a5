// Two ends that negotiate their stream, and octets that come in between as an offer or an answer.
// Whatever came: what is agreed has keys both ways or none, and none in the clear where it must not
// be; what we say of ourselves reads, has the m= lines of what it answers, and one session id.
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "sdp/negotiation.h"

namespace ringwall::fuzz {
namespace {

using namespace sdp;

class End {
public:
    End(std::uint8_t number, Input& input, Random& random)
        : input_(input), random_(random), negotiation_(random) {
        local_.rtp = {IpAddress::v4(192, 0, 2, number), 16384};
        local_.codecs = {AudioCodec::Opus, AudioCodec::Pcmu, AudioCodec::G722};
        local_.srtp =
            input.one_of({SrtpPolicy::PlainOnly, SrtpPolicy::Optional, SrtpPolicy::Required});
        local_.order = input.one_of({LocalAudio::Order::Ours, LocalAudio::Order::Theirs});
        local_.answer_with =
            input.one_of({LocalAudio::AnswerWith::OneCodec, LocalAudio::AnswerWith::AllCodecs});
        if (input.flip()) {
            local_.event_payload_type = std::nullopt;
        }
    }

    std::string offer() {
        change();
        std::string text = negotiation_.offer(local_, random_);
        look_at(text);
        return text;
    }
    std::optional<Negotiation::Answer> answer(std::string_view offer) {
        const auto session = SessionDescription::parse(offer);
        if (!session) {
            return std::nullopt;
        }
        const bool was_secure = negotiation_.is_secure();
        auto answer = negotiation_.answer(*session, local_, random_);
        if (!answer) {
            CHECK(!to_string(answer.error()).empty() && negotiation_.is_secure() == was_secure);
            return std::nullopt;
        }
        look_at(answer->text);
        const auto own = SessionDescription::parse(answer->text);
        CHECK(own->media().size() == session->media().size());
        std::size_t used = 0;
        for (std::size_t i = 0; i < own->media().size(); ++i) {
            CHECK(own->media()[i].media == session->media()[i].media);
            CHECK(own->media()[i].protocol == session->media()[i].protocol);
            used += own->media()[i].port != 0 ? 1 : 0;
        }
        CHECK(used == 1);
        look_at(answer->stream, was_secure);
        return std::move(*answer);
    }
    std::optional<AudioStream> judge(std::string_view answer) {
        const auto session = SessionDescription::parse(answer);
        if (!session) {
            return std::nullopt;
        }
        const bool was_secure = negotiation_.is_secure();
        auto stream = negotiation_.judge(*session);
        if (!stream) {
            CHECK(!to_string(stream.error()).empty() && negotiation_.is_secure() == was_secure);
            return std::nullopt;
        }
        look_at(*stream, was_secure);
        return std::move(*stream);
    }

private:
    void change() {
        local_.direction = input_.one_of(
            {Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive});
        if (input_.flip()) {
            negotiation_.renew_keys();
        }
    }
    void look_at(const AudioStream& stream, bool was_secure) const {
        CHECK(stream.send_key.has_value() == stream.receive_key.has_value());
        CHECK(stream.send_key.has_value() == negotiation_.is_secure());
        CHECK(stream.send_key || (!was_secure && local_.srtp != SrtpPolicy::Required));
        CHECK(!stream.send_key || was_secure || local_.srtp != SrtpPolicy::PlainOnly);
        if (stream.send_key) {
            CHECK(stream.send_key->suite == stream.receive_key->suite);
            CHECK(!(*stream.send_key == *stream.receive_key));
            CHECK(stream.receive_key->key_and_salt.reveal().size() ==
                  key_and_salt_length(stream.receive_key->suite));
        }
        CHECK(!stream.receive.empty() && stream.remote.port != 0);
        CHECK(stream.packet_time >= 10ms && stream.packet_time <= 60ms);
        CHECK(stream.event_to_send.has_value() == stream.event_to_receive.has_value());
    }
    void look_at(std::string_view text) {
        const auto session = SessionDescription::parse(text);
        CHECK(session && !session->media().empty());
        const std::string_view origin = session->lines()[1].value;
        const std::string_view id = origin.substr(0, origin.find(' ', 2));
        CHECK(session_.empty() || session_ == id);
        session_ = id;
    }

    Input& input_;
    Random& random_;
    LocalAudio local_;
    Negotiation negotiation_;
    std::string session_;
};

void check_agreed(const AudioStream& offerer, const AudioStream& answerer) {
    CHECK(offerer.codec == answerer.codec && offerer.payload_type == answerer.payload_type);
    CHECK(offerer.send_key == answerer.receive_key && offerer.receive_key == answerer.send_key);
    CHECK((offerer.direction == Direction::SendRecv) ==
          (answerer.direction == Direction::SendRecv));
    CHECK((offerer.direction == Direction::Inactive) ==
          (answerer.direction == Direction::Inactive));
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    SeededRandom random(1);
    End ends[2] = {End(1, input, random), End(2, input, random)};
    while (!input.is_empty()) {
        const std::size_t which = input.below(2);
        End& self = ends[which];
        switch (input.below(3)) {
            case 0: {
                const auto answer = ends[1 - which].answer(self.offer());
                const auto stream = answer ? self.judge(answer->text) : std::nullopt;
                if (stream) {
                    check_agreed(*stream, answer->stream);
                }
                break;
            }
            case 1:
                self.answer(input.until('\0'));
                break;
            default:
                self.offer();
                self.judge(input.until('\0'));
                break;
        }
    }
}

}  // namespace ringwall::fuzz
