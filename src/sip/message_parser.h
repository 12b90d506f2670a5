// Reads the octets of one message into a Message (see message.h) in one pass over the head. Every
// header line is indexed and every mandatory field read even when a fault was found, so that a
// refused request can still be answered; the first fault is the one that is reported.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "sip/message.h"

namespace ringwall::sip {

// Where a header line stands in octets that we wrote: each ends where the next begins, or the empty
// line.
struct WrittenLine {
    HeaderName id = HeaderName::Other;
    std::uint32_t start = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_at = 0;  // with blanks before it
};

// What a response repeats of its request, read there already; the views are into what was written.
struct Echo {
    Via top_via;
    NameAddr from, to;
    std::string_view from_tag, to_tag;
    CSeq cseq;
};

class MessageParser {
public:
    // Received: the limits of sip/limits.h hold. Own: what we wrote is as long as it is, and is
    // searched for faults in debug builds only.
    enum class Origin : std::uint8_t { Received, Own };

    // With a source: stamped, see Message::parse.
    static Parsed parse(std::string bytes, Framing framing, Origin origin,
                        const Endpoint* source = nullptr);
    // What we wrote, without a search for its lines. `head_end`: of the empty line. `echo`, if any,
    // is not read again.
    static Parsed take_written(std::string bytes, std::span<const WrittenLine> lines,
                               std::size_t head_end, const Echo* echo = nullptr);

private:
    struct Made;

    MessageParser(std::string bytes, Framing framing, Origin origin);

    bool read_start_line();
    bool read_status_line(std::string_view line);
    bool read_request_line(std::string_view line);
    void read_version(std::string_view version);
    void read_request_uri(std::string_view text);

    void read_head();
    void index(std::span<const WrittenLine> lines, std::size_t head_end);
    std::string_view take_line();
    void read_header(std::string_view line, std::size_t start);
    std::string_view unfold(std::string_view value);
    void check_controls(std::string_view head);
    void stamp(const Endpoint& source);  // reads the top Via
    bool is_unfolded(std::string_view value) const;
    void read_body();

    void screen();
    void take(const Echo& echo);
    void screen_via();
    void screen_address(HeaderName name, NameAddr& address, std::string_view& tag);
    void screen_call_id();
    void screen_cseq();
    void screen_numbers();
    void screen_addresses();

    const HeaderLine* mandatory(HeaderName name);
    void fault(ParseFault what, std::string_view where);
    void fault(const ParseError& error, std::string_view where);

    std::shared_ptr<Message> message_;
    std::optional<ParseError> fault_;
    Framing framing_;
    Origin origin_;
    bool is_judged_;      // what only finds faults is left out where a fault has no consequence
    std::size_t at_ = 0;  // the next octet to read
    bool has_head_end_ = false;
    bool is_folded_ = false;  // the line that was taken last
};

}  // namespace ringwall::sip
