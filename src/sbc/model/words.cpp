#include "sbc/model/words.h"

#include "base/text.h"

namespace ringwall::sbc {
namespace {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

constexpr bool is_control(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
}

// The words of one line. A sentence says what is wrong; it never repeats what stands in the line,
// which may be a password.
Result<WordsLine, WordsError> words_of(std::string_view line) {
    WordsLine out;
    std::vector<std::string>& words = out.words;
    std::size_t at = 0;
    while (true) {
        while (at < line.size() && is_blank(line[at])) {
            ++at;
        }
        if (at == line.size() || line[at] == '!') {
            out.has_comment = at != line.size();
            return out;
        }
        out.columns.push_back(at);
        std::size_t end = at;
        if (line[at] == '"') {
            std::string& word = words.emplace_back();
            for (++end; end < line.size() && line[end] != '"'; ++end) {
                const bool is_escape = line[end] == '\\' && end + 1 < line.size() &&
                                       (line[end + 1] == '"' || line[end + 1] == '\\');
                end += is_escape ? 1 : 0;
                word += line[end];
            }
            if (end == line.size()) {
                return fail(
                    WordsError{0, "a double quote is opened and not closed on this line", at});
            }
            ++end;
            if (end < line.size() && !is_blank(line[end])) {
                return fail(
                    WordsError{0, "a closing double quote must be followed by a blank", end});
            }
        } else {
            while (end < line.size() && !is_blank(line[end])) {
                ++end;
            }
            words.emplace_back(line.substr(at, end - at));
        }
        at = end;
    }
}

}  // namespace

std::string quoted(const std::string& word) {
    const bool is_plain = !word.empty() && word.front() != '"' && word.front() != '!' &&
                          word.find_first_of(" \t") == std::string::npos;
    if (is_plain) {
        return word;
    }
    std::string out = "\"";
    for (const char c : word) {
        out.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
    }
    return out + "\"";
}

Result<std::vector<WordsLine>, WordsError> split_words(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    std::vector<WordsLine> lines;
    for (unsigned number = 1; !text.empty(); ++number) {
        std::string_view line = cut(text, '\n');
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        for (const char c : line) {
            if (is_control(c)) {
                return fail(WordsError{number,
                                       "a control character stands on this line; the file "
                                       "must be plain text"});
            }
        }
        auto words = words_of(line);
        if (!words) {
            return fail(
                WordsError{number, std::move(words.error().sentence), words.error().column});
        }
        if (!words->words.empty()) {
            words->number = number;
            lines.push_back(std::move(*words));
        }
    }
    return lines;
}

}  // namespace ringwall::sbc
