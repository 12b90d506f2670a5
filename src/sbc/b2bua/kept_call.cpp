#include "sbc/b2bua/kept_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sbc/kept_value.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::b2bua {
namespace {

using kept::Json;
using kept::Reader;
using kept::Words;
using Transport = media::Towards::Transport;

constexpr int form = 1;  // of the text

constexpr Words<Security, 3> securities{{{Security::Untrusted, "untrusted"},
                                         {Security::TrustedEncrypted, "trusted-encrypted"},
                                         {Security::TrustedUnencrypted, "trusted-unencrypted"}}};
constexpr Words<SipCallsIn, 3> sip_calls_in{{{SipCallsIn::Insecure, "insecure"},
                                             {SipCallsIn::Secure, "secure"},
                                             {SipCallsIn::Reject, "reject"}}};
constexpr Words<sip::Scheme, 4> call_schemes{{{sip::Scheme::Sip, "sip"},
                                              {sip::Scheme::Sips, "sips"},
                                              {sip::Scheme::Tel, "tel"},
                                              {sip::Scheme::Other, "other"}}};
constexpr Words<Transport, 4> media_transports{{{Transport::Rtp, "rtp"},
                                                {Transport::SdesMaybe, "sdes-maybe"},
                                                {Transport::Sdes, "sdes"},
                                                {Transport::Dtls, "dtls"}}};
constexpr Words<IpAddress::Family, 2> families{
    {{IpAddress::Family::V4, "4"}, {IpAddress::Family::V6, "6"}}};

template <class Value, std::size_t size>
std::string_view word_of(const Words<Value, size>& words, Value value) {
    return std::ranges::find(words, value, &std::pair<Value, std::string_view>::first)->second;
}

// What peers wrote need not be UTF-8, and must come back as it was: each octet is a character.
std::string written(std::string_view octets) {
    std::string out;
    out.reserve(octets.size());
    for (const char each : octets) {
        const auto octet = static_cast<unsigned char>(each);
        if (octet < 0x80) {
            out.push_back(each);
        } else {
            out.push_back(static_cast<char>(0xc0 | octet >> 6));
            out.push_back(static_cast<char>(0x80 | (octet & 0x3f)));
        }
    }
    return out;
}

std::string read(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto first = static_cast<unsigned char>(text[i]);
        const bool is_pair = (first & 0xfc) == 0xc0 && i + 1 < text.size();
        out.push_back(is_pair ? static_cast<char>((first & 0x03) << 6 |
                                                  (static_cast<unsigned char>(text[++i]) & 0x3f))
                              : text[i]);
    }
    return out;
}

Json written(const std::vector<std::string>& texts) {
    Json out = Json::array();
    for (const std::string& each : texts) {
        out.push_back(written(each));
    }
    return out;
}

Json to_json(const sip::Dialog::Confirmed& dialog) {
    Json out = {{"call_id", written(dialog.call_id)},
                {"local_tag", written(dialog.local_tag)},
                {"remote_tag", written(dialog.remote_tag)},
                {"local_uri", written(dialog.local_uri)},
                {"remote_uri", written(dialog.remote_uri)},
                {"remote_target", written(dialog.remote_target)},
                {"route_set", written(dialog.route_set)},
                {"local_cseq", dialog.local_cseq}};
    if (dialog.remote_cseq) {
        out["remote_cseq"] = *dialog.remote_cseq;
    }
    return out;
}

sip::Dialog::Confirmed read_dialog(Reader& in) {
    sip::Dialog::Confirmed out;
    out.call_id = read(in.text("call_id"));
    out.local_tag = in.text("local_tag");
    out.remote_tag = read(in.text("remote_tag"));
    out.local_uri = read(in.text("local_uri"));
    out.remote_uri = read(in.text("remote_uri"));
    out.remote_target = read(in.text("remote_target"));
    for (const std::string& each : in.texts("route_set")) {
        out.route_set.push_back(read(each));
    }
    out.local_cseq =
        static_cast<std::uint32_t>(in.number("local_cseq", INT32_MAX)) + unwritten_requests;
    if (in.has("remote_cseq")) {
        out.remote_cseq = static_cast<std::uint32_t>(in.number("remote_cseq", UINT32_MAX));
    }
    const auto target = sip::parse_uri(out.remote_target);
    in.is_good = in.is_good && target.has_value() && !out.local_tag.empty();
    return out;
}

Json to_json(const sip::session::SessionTimer::Parts& timer, Now now) {
    Json out = {{"refreshed", kept::to_wall(timer.refreshed, now)},
                {"heard", kept::to_wall(timer.heard, now)}};
    if (timer.own) {
        out["own"] = *timer.own;
    }
    if (timer.agreed) {
        out["agreed"] = *timer.agreed;
    }
    return out;
}

// Not in the future, whatever became of the clock.
TimePoint read_past(Reader& in, const char* name, Now now) {
    return std::min(kept::from_wall(in.number(name), now), now.monotonic);
}

sip::session::SessionTimer read_timer(Reader in, Now now) {
    sip::session::SessionTimer::Parts parts;
    parts.refreshed = read_past(in, "refreshed", now);
    parts.heard = read_past(in, "heard", now);
    if (in.has("own")) {
        parts.own = static_cast<std::uint32_t>(in.number("own", UINT32_MAX));
    }
    if (in.has("agreed")) {
        parts.agreed = static_cast<std::uint32_t>(in.number("agreed", UINT32_MAX));
    }
    return sip::session::SessionTimer(parts);
}

constexpr std::array privacy_words{std::pair{&policy::Privacy::is_said, "said"},
                                   std::pair{&policy::Privacy::header, "header"},
                                   std::pair{&policy::Privacy::session, "session"},
                                   std::pair{&policy::Privacy::user, "user"},
                                   std::pair{&policy::Privacy::id, "id"},
                                   std::pair{&policy::Privacy::history, "history"},
                                   std::pair{&policy::Privacy::none, "none"},
                                   std::pair{&policy::Privacy::critical, "critical"},
                                   std::pair{&policy::Privacy::unknown, "unknown"}};

Json to_json(const policy::Privacy& privacy) {
    Json out = Json::array();
    for (const auto& [member, name] : privacy_words) {
        if (privacy.*member) {
            out.push_back(name);
        }
    }
    return out;
}

policy::Privacy read_privacy(const std::vector<std::string>& words) {
    policy::Privacy out;
    for (const auto& [member, name] : privacy_words) {
        out.*member = std::ranges::find(words, name) != words.end();
    }
    return out;
}

Json to_json(const Leg& leg, const Snapshot& snapshot, Now now) {
    const Adjacency& adjacency = snapshot.adjacencies.at(leg.peer.adjacency);
    Json out = {{"adjacency", adjacency.name},
                {"security", word_of(securities, adjacency.security)},
                {"fingerprint", leg.peer.fingerprint},
                {"address_of_record", written(leg.peer.address_of_record)},
                {"instance", written(leg.peer.instance)},
                {"scheme", to_string(leg.scheme)},
                {"user", written(leg.user)},
                {"token", leg.token},
                {"allows_update", leg.allows_update},
                {"went_out", leg.went_out},
                {"is_ended", leg.is_ended},
                {"privacy", to_json(leg.asked)},
                {"dialog", to_json(leg.dialog.confirmed())},
                {"timer", to_json(leg.timer.parts(), now)}};
    kept::write_hop(out, leg.hop);
    if (leg.answered) {
        out["answered"] = {{"cseq", leg.answered->cseq},
                           {"begins_dialog", leg.answered->begins_dialog},
                           {"give_up", kept::to_wall(leg.answered->give_up, now)}};
    }
    if (leg.accepted) {
        out["accepted"] = {{"cseq", leg.accepted->cseq},
                           {"credentials", written(leg.accepted->credentials)},
                           {"ack", written(leg.accepted->ack)}};
    }
    if (leg.described) {
        out["described"] = {{"lines", written(leg.described->lines)},
                            {"octets", written(leg.described->octets)}};
    }
    return out;
}

struct ReadLeg {
    Leg leg{.peer = {}, .user = {}, .hop = {}, .dialog = sip::Dialog::of({})};
    std::string adjacency;
    Security security = Security::Untrusted;  // that it had
};

ReadLeg read_leg(Reader& in, Now now) {
    ReadLeg out;
    Leg& leg = out.leg;
    out.adjacency = in.text("adjacency");
    out.security = in.word("security", securities);
    leg.peer.fingerprint = in.text("fingerprint");
    leg.peer.address_of_record = read(in.text("address_of_record"));
    leg.peer.instance = read(in.text("instance"));
    leg.scheme = in.word("scheme", kept::schemes);
    leg.user = read(in.text("user"));
    leg.hop = in.hop();
    leg.token = in.text("token");
    leg.allows_update = in.flag("allows_update");
    leg.went_out = in.flag("went_out");
    leg.is_ended = in.flag("is_ended");
    leg.asked = read_privacy(in.texts("privacy"));
    Reader dialog(in.member("dialog"));
    leg.dialog = sip::Dialog::of(read_dialog(dialog));
    leg.timer = read_timer(Reader(in.member("timer")), now);
    in.is_good = in.is_good && dialog.is_good;
    if (in.has("answered")) {
        Reader its(in.member("answered"));
        leg.answered =
            Leg::Answered{.invite = {},
                          .response = nullptr,
                          .cseq = static_cast<std::uint32_t>(its.number("cseq", UINT32_MAX)),
                          .give_up = kept::from_wall(its.number("give_up"), now),
                          .begins_dialog = its.flag("begins_dialog")};
        in.is_good = in.is_good && its.is_good;
    }
    if (in.has("accepted")) {
        Reader its(in.member("accepted"));
        leg.accepted =
            Leg::Accepted{.cseq = static_cast<std::uint32_t>(its.number("cseq", UINT32_MAX)),
                          .credentials = read(its.text("credentials")),
                          .ack = read(its.text("ack"))};
        in.is_good = in.is_good && its.is_good;
    }
    if (in.has("described")) {
        Reader its(in.member("described"));
        leg.described = KeptBody{read(its.text("lines")), read(its.text("octets"))};
        in.is_good = in.is_good && its.is_good;
    }
    return out;
}

Json to_json(const RecordedLeg& leg) {
    return {{"identity", written(leg.identity)}, {"scheme", leg.scheme},
            {"transport", leg.transport},        {"peer", leg.peer},
            {"call_id", written(leg.call_id)},   {"media", leg.media}};
}

RecordedLeg read_recorded_leg(Reader in) {
    return {.identity = read(in.text("identity")),
            .scheme = in.text("scheme"),
            .transport = in.text("transport"),
            .peer = in.text("peer"),
            .call_id = read(in.text("call_id")),
            .media = in.text("media")};
}

Json json_of(const CallRecord& record) {
    Json out = {
        {"caller", written(record.caller)},
        {"callee", written(record.callee)},
        {"from_adjacency", record.from_adjacency},
        {"to_adjacency", record.to_adjacency},
        {"from_security", word_of(securities, record.from_security.value_or(Security::Untrusted))},
        {"to_security", word_of(securities, record.to_security.value_or(Security::Untrusted))},
        {"from_leg", to_json(record.from_leg)},
        {"to_leg", to_json(record.to_leg)},
        {"is_secure", record.is_secure},
        {"is_media_anchored", record.is_media_anchored},
        {"status", record.status},
        {"start", record.start.time_since_epoch().count()},
        {"answer", record.answer.value_or(record.start).time_since_epoch().count()}};
    if (record.ringing) {
        out["ringing"] = record.ringing->time_since_epoch().count();
    }
    if (!record.result.empty()) {
        out["over"] = {{"result", record.result},
                       {"reason", record.reason},
                       {"end", record.end.value_or(record.start).time_since_epoch().count()},
                       {"is_lost", record.cause.has_value()}};
    }
    return out;
}

WallTime read_wall(Reader& in, const char* name) {
    return WallTime(std::chrono::milliseconds(in.number(name)));
}

CallRecord read_record(Reader& in) {
    CallRecord out;
    out.caller = read(in.text("caller"));
    out.callee = read(in.text("callee"));
    out.from_adjacency = in.text("from_adjacency");
    out.to_adjacency = in.text("to_adjacency");
    out.from_security = in.word("from_security", securities);
    out.to_security = in.word("to_security", securities);
    out.from_leg = read_recorded_leg(Reader(in.member("from_leg")));
    out.to_leg = read_recorded_leg(Reader(in.member("to_leg")));
    out.is_secure = in.flag("is_secure");
    out.is_media_anchored = in.flag("is_media_anchored");
    out.status = static_cast<int>(in.number("status", 699));
    out.start = read_wall(in, "start");
    out.answer = read_wall(in, "answer");
    if (in.has("ringing")) {
        out.ringing = read_wall(in, "ringing");
    }
    if (in.has("over")) {
        Reader its(in.member("over"));
        out.result = its.text("result");
        out.reason = its.text("reason");
        out.end = read_wall(its, "end");
        if (its.flag("is_lost")) {  // an answered call has no other
            out.cause = FailureCause::ActiveCall;
        }
        in.is_good = in.is_good && its.is_good && !out.result.empty();
    }
    return out;
}

Json to_json(const MediaSession& session) {
    Json out = {{"id", session.id}};
    if (session.agreed) {
        out["agreed"] = {
            {"offerer", written(session.agreed->offerer)},
            {"answerer", written(session.agreed->answerer)},
            {"offer", written(session.agreed->offer)},
            {"answer", written(session.agreed->answer)},
            {"transport", word_of(media_transports, session.agreed->towards.transport)},
            {"has_feedback", session.agreed->towards.has_feedback},
            {"family", word_of(families, session.agreed->towards.family)}};
    }
    return out;
}

MediaSession read_media(Reader& in) {
    MediaSession out;
    out.id = in.text("id");
    if (in.has("agreed")) {
        Reader its(in.member("agreed"));
        MediaSession::Exchange& agreed = out.agreed.emplace();
        agreed.offerer = read(its.text("offerer"));
        agreed.answerer = read(its.text("answerer"));
        agreed.offer = read(its.text("offer"));
        agreed.answer = read(its.text("answer"));
        agreed.towards = {.transport = its.word("transport", media_transports),
                          .has_feedback = its.flag("has_feedback"),
                          .family = its.word("family", families)};
        out.offers[agreed.offerer] = {agreed.offer, {}};  // the engine was shown one
        in.is_good = in.is_good && its.is_good;
    }
    return out;
}

// The adjacency belongs to who it did, and is worth as much.
bool is_as_it_was(const ReadLeg& read, const Snapshot& snapshot) {
    const auto index = kept::find_by_name(snapshot, read.adjacency);
    if (!index) {
        return false;
    }
    const Adjacency& adjacency = snapshot.adjacencies[*index];
    return adjacency.is_attached && adjacency.security == read.security &&
           adjacency.is_encrypted() == (read.leg.hop.transport == sip::Transport::Tls);
}

}  // namespace

std::string to_text(const KeptCall& call, const Snapshot& snapshot, Now now) {
    Json out = {{"form", form},
                {"bucket", call.bucket.value},
                {"own_tag", call.own_tag},
                {"caller_security", word_of(securities, call.security.caller)},
                {"sip_calls_in", word_of(sip_calls_in, call.security.sip_calls_in)},
                {"scheme", word_of(call_schemes, call.security.scheme)},
                {"is_interval_agreed", call.is_interval_agreed},
                {"record", json_of(call.record)},
                {"caller", to_json(call.caller, snapshot, now)},
                {"callee", to_json(call.callee, snapshot, now)}};
    if (call.media) {
        out["media"] = to_json(*call.media);
        out["media"]["caller_tag"] = written(call.caller_media_tag);
        out["media"]["callee_tag"] = written(call.callee_media_tag);
    }
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<ReadCall> read_call(std::string_view text, const Snapshot& snapshot, Now now) {
    const Json json = Json::parse(text, nullptr, false);
    Reader in(json);
    Reader record(in.member("record"));
    Reader callers(in.member("caller"));
    Reader callees(in.member("callee"));
    ReadLeg caller = read_leg(callers, now);
    ReadLeg callee = read_leg(callees, now);
    std::string obstacle;
    for (ReadLeg* const each : {&caller, &callee}) {
        each->leg.peer.adjacency = kept::find_by_name(snapshot, each->adjacency).value_or(0);
        if (!is_as_it_was(*each, snapshot)) {
            obstacle = "adjacency " + each->adjacency + " is not what it was";
        }
    }
    KeptCall call{
        .name = {},
        .bucket = {static_cast<std::uint8_t>(in.number("bucket", bucket_count - 1))},
        .own_tag = in.text("own_tag"),
        .security = {.caller = in.word("caller_security", securities),
                     .sip_calls_in = in.word("sip_calls_in", sip_calls_in),
                     .scheme = in.word("scheme", call_schemes)},
        .record = read_record(record),
        .caller = std::move(caller.leg),
        .callee = std::move(callee.leg),
        .is_interval_agreed = in.flag("is_interval_agreed"),
        .media = std::nullopt,
        .caller_media_tag = {},
        .callee_media_tag = {},
    };
    if (in.has("media")) {
        Reader media(in.member("media"));
        call.media = read_media(media);
        call.caller_media_tag = read(media.text("caller_tag"));
        call.callee_media_tag = read(media.text("callee_tag"));
        in.is_good = in.is_good && media.is_good;
    }
    const bool is_good = in.number("form") == form && in.is_good && record.is_good &&
                         callers.is_good && callees.is_good;
    return is_good ? std::optional(ReadCall{std::move(call), std::move(obstacle)}) : std::nullopt;
}

}  // namespace ringwall::sbc::b2bua
