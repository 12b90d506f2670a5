#include "sbc/media/bencode.h"

#include <algorithm>
#include <charconv>

namespace ringwall::sbc::media {
namespace {

class Reader {
public:
    explicit Reader(std::string_view octets) : rest_(octets) {}

    std::optional<Bencode> read(std::size_t depth) {
        if (rest_.empty() || depth == 0 || ++values_ > bencode_limits::values) {
            return std::nullopt;
        }
        switch (rest_.front()) {
            case 'i':
                return read_number();
            case 'l':
                return read_list(depth);
            case 'd':
                return read_dictionary(depth);
            default:
                if (auto text = read_text()) {
                    return Bencode(std::move(*text));
                }
                return std::nullopt;
        }
    }
    bool is_at_end() const { return rest_.empty(); }

private:
    std::optional<std::int64_t> digits_until(char end) {
        std::int64_t number = 0;
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) {
            return std::nullopt;
        }
        const char* const last = rest_.data() + at;
        const auto [stop, error] = std::from_chars(rest_.data(), last, number);
        if (error != std::errc() || stop != last) {
            return std::nullopt;
        }
        rest_.remove_prefix(at + 1);
        return number;
    }
    std::optional<Bencode> read_number() {
        rest_.remove_prefix(1);
        const auto number = digits_until('e');
        return number ? std::optional(Bencode(*number)) : std::nullopt;
    }
    std::optional<std::string> read_text() {
        const auto length = digits_until(':');
        if (!length || *length < 0 || static_cast<std::size_t>(*length) > rest_.size()) {
            return std::nullopt;
        }
        std::string text(rest_.substr(0, static_cast<std::size_t>(*length)));
        rest_.remove_prefix(text.size());
        return text;
    }
    // The 'e' of a list or dictionary.
    bool take_end() {
        const bool is_it = !rest_.empty() && rest_.front() == 'e';
        rest_.remove_prefix(is_it ? 1 : 0);
        return is_it;
    }
    std::optional<Bencode> read_list(std::size_t depth) {
        rest_.remove_prefix(1);
        BencodeList list;
        while (!take_end()) {
            auto value = read(depth - 1);
            if (!value) {
                return std::nullopt;
            }
            list.push_back(std::move(*value));
        }
        return Bencode(std::move(list));
    }
    std::optional<Bencode> read_dictionary(std::size_t depth) {
        rest_.remove_prefix(1);
        BencodeDictionary entries;
        while (!take_end()) {
            auto key = read_text();
            auto value = key ? read(depth - 1) : std::nullopt;
            if (!value) {
                return std::nullopt;
            }
            entries.emplace_back(std::move(*key), std::move(*value));
        }
        return Bencode(std::move(entries));
    }

    std::string_view rest_;
    std::size_t values_ = 0;
};

void append_text(std::string& out, std::string_view text) {
    out.append(std::to_string(text.size())).append(":").append(text);
}

}  // namespace

const Bencode* Bencode::find(std::string_view key) const {
    const BencodeDictionary* const entries = dictionary();
    if (entries == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(
        *entries, key, [](const auto& entry) -> std::string_view { return entry.first; });
    return found == entries->end() ? nullptr : &found->second;
}

std::string_view Bencode::text_of(std::string_view key) const {
    const Bencode* const found = find(key);
    const std::string* const text = found == nullptr ? nullptr : found->text();
    return text == nullptr ? std::string_view() : *text;
}

std::string Bencode::encoded() const {
    std::string out;
    append_to(out);
    return out;
}

void Bencode::append_to(std::string& out) const {
    if (const auto* its_number = number()) {
        out.append("i").append(std::to_string(*its_number)).append("e");
    } else if (const auto* its_text = text()) {
        append_text(out, *its_text);
    } else if (const auto* its_list = list()) {
        out += 'l';
        for (const Bencode& each : *its_list) {
            each.append_to(out);
        }
        out += 'e';
    } else if (const auto* entries = dictionary()) {
        out += 'd';
        for (const auto& [key, value] : *entries) {
            append_text(out, key);
            value.append_to(out);
        }
        out += 'e';
    }
}

std::optional<Bencode> parse_bencode(std::string_view octets) {
    Reader reader(octets);
    auto value = reader.read(bencode_limits::depth);
    return value && reader.is_at_end() ? std::move(value) : std::nullopt;
}

}  // namespace ringwall::sbc::media
