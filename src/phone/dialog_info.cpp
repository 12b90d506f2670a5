#include "phone/dialog_info.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/text.h"

namespace ringwall::phone {
namespace {

constexpr std::size_t most_dialogs = 32;

std::optional<OtherDialog::State> state_of(std::string_view text) {
    using State = OtherDialog::State;
    if (text == "trying") {
        return State::Trying;
    }
    if (text == "proceeding") {
        return State::Proceeding;
    }
    if (text == "early") {
        return State::Early;
    }
    if (text == "confirmed") {
        return State::Confirmed;
    }
    return text == "terminated" ? std::optional(State::Terminated) : std::nullopt;
}

// dialog-info / dialog / state, remote / identity, target
class Reader {
public:
    struct Read {
        bool is_full = false;
        std::vector<OtherDialog> dialogs;
    };
    static std::optional<Read> read(std::string_view body) {
        constexpr XML_Char separator = '|';  // between the namespace and the name
        Reader reader;
        const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
            XML_ParserCreateNS(nullptr, separator), &XML_ParserFree);
        if (parser == nullptr) {
            return std::nullopt;
        }
        reader.parser_ = parser.get();
        XML_SetUserData(parser.get(), &reader);
        XML_SetElementHandler(parser.get(), on_start, on_end);
        XML_SetCharacterDataHandler(parser.get(), on_text);
        XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
        const auto status =
            XML_Parse(parser.get(), body.data(), static_cast<int>(body.size()), XML_TRUE);
        if (status != XML_STATUS_OK || reader.is_wrong_) {
            return std::nullopt;
        }
        return std::move(reader.read_);
    }

private:
    static std::string_view local_name(const XML_Char* name) {
        const std::string_view whole(name);
        return whole.substr(whole.rfind('|') + 1);  // the whole, where there is none
    }
    static std::string_view attribute(const XML_Char** attributes, std::string_view name) {
        for (; *attributes != nullptr; attributes += 2) {
            if (name == *attributes) {
                return attributes[1];
            }
        }
        return {};
    }
    void give_up() {
        is_wrong_ = true;
        XML_StopParser(parser_, XML_FALSE);
    }

    // Entities are of no use here but for mischief.
    static void on_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<Reader*>(user)->give_up();
    }
    static void on_text(void* user, const XML_Char* text, int length) {
        static_cast<Reader*>(user)->text_.append(text, static_cast<std::size_t>(length));
    }
    static void on_start(void* user, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Reader*>(user)->start(local_name(name), attributes);
    }
    static void on_end(void* user, const XML_Char* name) {
        static_cast<Reader*>(user)->end(local_name(name));
    }

    void start(std::string_view name, const XML_Char** attributes) {
        ++depth_;
        text_.clear();
        if (depth_ == 1) {
            if (name != "dialog-info") {
                return give_up();
            }
            read_.is_full = attribute(attributes, "state") == "full";
        } else if (depth_ == 2 && name == "dialog") {
            if (read_.dialogs.size() == most_dialogs) {
                return give_up();
            }
            is_in_dialog_ = true;
            OtherDialog& dialog = read_.dialogs.emplace_back();
            dialog.id = attribute(attributes, "id");
            dialog.call_id = attribute(attributes, "call-id");
            dialog.local_tag = attribute(attributes, "local-tag");
            dialog.remote_tag = attribute(attributes, "remote-tag");
            dialog.is_recipient = attribute(attributes, "direction") == "recipient";
        } else if (depth_ == 3) {
            is_remote_ = is_in_dialog_ && name == "remote";
        } else if (depth_ == 4 && is_remote_ && name == "target") {
            read_.dialogs.back().remote_target = attribute(attributes, "uri");
        }
    }
    void end(std::string_view name) {
        if (depth_ == 3 && is_in_dialog_ && name == "state") {
            const auto state = state_of(trim(text_));
            if (!state) {
                return give_up();
            }
            read_.dialogs.back().state = *state;
        } else if (depth_ == 4 && is_remote_ && name == "identity") {
            read_.dialogs.back().remote = trim(text_);
        }
        is_in_dialog_ = is_in_dialog_ && depth_ != 2;
        --depth_;
    }

    XML_Parser parser_ = nullptr;
    Read read_;
    bool is_wrong_ = false;
    unsigned depth_ = 0;
    bool is_in_dialog_ = false;
    bool is_remote_ = false;
    std::string text_;
};

}  // namespace

bool DialogInfo::take(std::string_view body) {
    auto read = Reader::read(body);
    if (!read) {
        return false;
    }
    is_known_ = true;
    if (read->is_full) {
        dialogs_.clear();
    }
    for (OtherDialog& each : read->dialogs) {
        std::erase_if(dialogs_, [&](const OtherDialog& known) { return known.id == each.id; });
        if (each.state != OtherDialog::State::Terminated && dialogs_.size() < most_dialogs) {
            dialogs_.push_back(std::move(each));
        }
    }
    return true;
}

DialogInfo::State DialogInfo::state() const {
    if (!is_known_) {
        return State::Unknown;
    }
    if (dialogs_.empty()) {
        return State::Idle;
    }
    return ringing() != nullptr ? State::Ringing : State::Busy;
}

const OtherDialog* DialogInfo::ringing() const {
    const auto found = std::ranges::find_if(dialogs_, [](const OtherDialog& each) {
        return each.is_recipient && each.state != OtherDialog::State::Confirmed;
    });
    return found == dialogs_.end() ? nullptr : &*found;
}

std::string_view to_string(DialogInfo::State state) {
    switch (state) {
        case DialogInfo::State::Unknown:
            return "unknown";
        case DialogInfo::State::Idle:
            return "idle";
        case DialogInfo::State::Ringing:
            return "ringing";
        case DialogInfo::State::Busy:
            return "busy";
    }
    return "";
}

}  // namespace ringwall::phone
