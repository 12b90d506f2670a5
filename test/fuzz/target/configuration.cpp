// The configuration reader: it takes a file whole, the same every time, or says in a sentence what
// is wrong and on which line; no error shows a password. What it takes is the same when it is
// written and read again, as commands and as JSON.
#include <fstream>
#include <sstream>
#include <string>

#include "base/check.h"
#include "fuzz/target.h"
#include "sbc/config/reader.h"
#include "sbc/model/text_form.h"
#include "sbc/model/words.h"

namespace ringwall::fuzz {
namespace {

Result<std::string, std::string> read_pki(const std::string& name) {
    // No other folder: the name is the fuzzer's.
    if (name != "sbc.crt" && name != "sbc.key" && name != "ca.crt" && name != "other.key") {
        return fail(std::string("No such file or directory"));
    }
    std::ifstream file(std::string(TEST_DATA) + "/unit/sbc/config/pki/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Written words are the same words.
void check_words(std::string_view octets) {
    const auto lines = sbc::split_words(octets);
    if (!lines) {
        CHECK(lines.error().line >= 1 && !lines.error().sentence.empty());
        return;
    }
    std::string text;
    for (const sbc::WordsLine& line : *lines) {
        CHECK(!line.words.empty());
        for (const std::string& word : line.words) {
            text.append(sbc::quoted(word)).append(" ");
        }
        text.append("\n");
    }
    const auto again = sbc::split_words(text);
    CHECK(again && again->size() == lines->size());
    for (std::size_t i = 0; i < lines->size(); ++i) {
        CHECK((*again)[i].words == (*lines)[i].words);
    }
}

// The password of the corpus, where it stands as one and nowhere else.
bool is_only_as_password(std::string_view octets) {
    const std::size_t at = octets.find("sesame");
    return at != std::string_view::npos &&
           octets.find("sesame", at + 1) == std::string_view::npos &&
           octets.substr(0, at).ends_with("\n   password \"open ");
}

void check_forms(std::string_view octets) {
    const auto file = sbc::read_tree(octets, "ringwall.conf");
    if (!file) {
        return;
    }
    const std::string text = to_text(file->tree, sbc::model::Secrets::Written);
    const auto again = sbc::read_tree(text, "again");
    CHECK(again && to_text(again->tree, sbc::model::Secrets::Written) == text);
    CHECK(again->tree == file->tree);
    const auto json = sbc::model::Tree::from_json(file->tree.to_json());
    CHECK(json && *json == file->tree);
    CHECK(difference(file->tree, again->tree, sbc::model::Secrets::Written).empty());
}

}  // namespace

void run(std::string_view octets) {
    check_words(octets);
    check_forms(octets);
    const auto configuration = sbc::read_configuration(octets, "ringwall.conf", read_pki);
    const auto again = sbc::read_configuration(octets, "ringwall.conf", read_pki);
    CHECK(configuration.has_value() == again.has_value());
    if (!configuration) {
        const std::string sentence = configuration.error().to_string();
        CHECK(!sentence.empty() && sentence == again.error().to_string());
        CHECK(!is_only_as_password(octets) || sentence.find("sesame") == std::string::npos);
        return;
    }
    CHECK(configuration->snapshot != nullptr);
    CHECK(configuration->warnings.size() == again->warnings.size());
}

}  // namespace ringwall::fuzz
