#include "sbc/console/terminal.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <string_view>
#include <utility>

#include "sbc/console/echo_off.h"

namespace ringwall::sbc::console {

namespace {

constexpr int history_size = 1000;

volatile std::sig_atomic_t is_interrupted = 0;

void on_interrupt(int /*number*/) {
    is_interrupted = 1;
}

// In a quoted value '?' and TAB are what they are.
bool is_in_quotes(std::string_view begun) {
    bool is_open = false;
    for (std::size_t at = 0; at < begun.size(); ++at) {
        if (is_open && begun[at] == '\\') {
            ++at;
        } else if (begun[at] == '"') {
            is_open = !is_open;
        }
    }
    return is_open;
}

std::string_view last_word(std::string_view begun) {
    const std::size_t blank = begun.find_last_of(" \t");
    return begun.substr(blank == std::string_view::npos ? 0 : blank + 1);
}

std::string common_beginning(const std::vector<std::string>& words) {
    std::string out = words.front();
    for (const std::string& each : words) {
        const auto [end, other] = std::ranges::mismatch(out, each);
        out.erase(end, out.end());
    }
    return out;
}

void print_help(std::FILE* out, const std::vector<model::Suggestion>& suggestions) {
    std::size_t width = 0;
    for (const model::Suggestion& each : suggestions) {
        width = std::max(width, each.word.size());
    }
    for (const model::Suggestion& each : suggestions) {
        std::fprintf(out, "  %-*s  %s\n", static_cast<int>(width), each.word.c_str(),
                     each.help.c_str());
    }
}

}  // namespace

struct Terminal::Impl {
    Impl(int peer_fd, Suggest suggest_function, Hear hear_function,
         std::filesystem::path history_file)
        : peer(peer_fd),
          suggest(std::move(suggest_function)),
          hear(std::move(hear_function)),
          file(std::move(history_file)),
          editor(el_init("ringwall", stdin, stdout, stderr)),
          lines(history_init()),
          lasting(history_init()) {
        HistEvent event{};
        for (History* const each : {lines, lasting}) {
            history(each, &event, H_SETSIZE, history_size);
            history(each, &event, H_SETUNIQUE, 1);
            if (!file.empty()) {
                history(each, &event, H_LOAD, file.c_str());
            }
        }
        el_set(editor, EL_CLIENTDATA, this);
        el_set(editor, EL_EDITOR, "emacs");
        el_set(editor, EL_SIGNAL, 1);
        el_set(editor, EL_HIST, history, lines);
        el_set(editor, EL_PROMPT, prompt_of);
        el_set(editor, EL_GETCFN, read_character);
        el_set(editor, EL_ADDFN, "ringwall-help", "What may stand here", help);
        el_set(editor, EL_ADDFN, "ringwall-complete", "The rest of the word", complete);
        el_set(editor, EL_BIND, "?", "ringwall-help", nullptr);
        el_set(editor, EL_BIND, "^I", "ringwall-complete", nullptr);
        el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    }
    ~Impl() {
        history_end(lines);
        history_end(lasting);
        el_end(editor);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    static Impl& of(EditLine* editor) {
        void* impl = nullptr;
        el_get(editor, EL_CLIENTDATA, &impl);
        return *static_cast<Impl*>(impl);
    }
    static char* prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

    // Up to the cursor.
    std::string begun() const {
        const LineInfo* const line = el_line(editor);
        return {line->buffer, line->cursor};
    }

    static int read_character(EditLine* editor, wchar_t* character);
    static unsigned char help(EditLine* editor, int key);
    static unsigned char complete(EditLine* editor, int key);
    bool wait();
    bool interject();
    Typed read_line() const;

    int peer;
    Suggest suggest;
    Hear hear;
    std::filesystem::path file;
    EditLine* editor;
    History* lines;    // what is called back
    History* lasting;  // what is in the file
    std::string prompt;
    Typed::Outcome outcome = Typed::Outcome::Line;  // why a line did not become one
};

// Until there is something to read. False: it will not come, see `outcome`.
bool Terminal::Impl::wait() {
    while (is_interrupted == 0) {
        pollfd states[] = {{STDIN_FILENO, POLLIN, 0}, {peer, POLLIN | POLLRDHUP, 0}};
        if (poll(states, 2, -1) < 0) {
            continue;  // a signal
        }
        if (states[1].revents != 0 && !interject()) {
            outcome = Typed::Outcome::PeerGone;
            return false;
        }
        if (states[0].revents != 0) {
            return true;
        }
    }
    outcome = Typed::Outcome::Dropped;
    return false;
}

// What is heard goes below the line that is being typed, which then stands there again. False:
// nothing is heard any more.
bool Terminal::Impl::interject() {
    const auto said = hear();
    if (!said) {
        return false;
    }
    for (const std::string& line : *said) {
        std::fprintf(stdout, "%s%s\n", &line == &said->front() ? "\n" : "", line.c_str());
    }
    if (!said->empty()) {
        std::fflush(stdout);
        el_set(editor, EL_REFRESH);
    }
    return true;
}

// As the terminal edits it. What is heard meanwhile waits.
Terminal::Typed Terminal::Impl::read_line() const {
    using Outcome = Typed::Outcome;
    std::string line;
    while (is_interrupted == 0) {
        pollfd states[] = {{STDIN_FILENO, POLLIN, 0}, {peer, POLLRDHUP, 0}};
        if (poll(states, 2, -1) < 0) {
            continue;  // a signal
        }
        if (states[1].revents != 0) {
            hear();  // why
            return {Outcome::PeerGone, ""};
        }
        char octet = 0;
        const ssize_t count = ::read(STDIN_FILENO, &octet, 1);
        if (count == 1 && octet == '\n') {
            return {Outcome::Line, std::move(line)};
        }
        if (count == 1) {
            line.push_back(octet);
        } else if (count == 0 || errno != EINTR) {
            return {count == 0 ? Outcome::Leaves : Outcome::TerminalGone, ""};
        }
    }
    return {Outcome::Dropped, ""};
}

int Terminal::Impl::read_character(EditLine* editor, wchar_t* character) {
    Impl& impl = of(editor);
    std::mbstate_t state{};
    while (impl.wait()) {
        char octet = 0;
        const ssize_t count = ::read(STDIN_FILENO, &octet, 1);
        if (count <= 0) {
            if (count < 0 && errno == EINTR) {
                continue;
            }
            impl.outcome = Typed::Outcome::TerminalGone;
            return -1;
        }
        const std::size_t length = std::mbrtowc(character, &octet, 1, &state);
        if (length <= 1) {
            return 1;
        }
        if (length == static_cast<std::size_t>(-1)) {
            state = {};  // no character of this locale
        }
    }
    return -1;
}

unsigned char Terminal::Impl::help(EditLine* editor, int /*key*/) {
    Impl& impl = of(editor);
    const std::string begun = impl.begun();
    if (is_in_quotes(begun)) {
        return el_insertstr(editor, "?") == 0 ? CC_REFRESH : CC_ERROR;
    }
    const auto suggestions = impl.suggest(begun);
    std::fputs("?\n", stdout);
    if (suggestions.empty()) {
        std::fputs("  nothing that is known may stand here\n", stdout);
    }
    print_help(stdout, suggestions);
    return CC_REDISPLAY;
}

unsigned char Terminal::Impl::complete(EditLine* editor, int /*key*/) {
    Impl& impl = of(editor);
    const std::string begun = impl.begun();
    if (is_in_quotes(begun)) {
        return CC_ERROR;
    }
    const auto suggestions = impl.suggest(begun);
    const std::string_view word = last_word(begun);
    std::vector<std::string> words;
    bool may_be_value = false;
    for (const model::Suggestion& each : suggestions) {
        if (!each.is_literal) {
            may_be_value = true;
        } else if (each.word.starts_with(word)) {
            words.push_back(each.word);
        }
    }
    if (word.empty() && may_be_value) {
        words.clear();  // one may as well say something else
    }
    if (!words.empty()) {
        std::string rest = common_beginning(words).substr(word.size());
        rest.append(words.size() == 1 ? " " : "");
        if (!rest.empty()) {
            return el_insertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
        }
    }
    if (suggestions.empty()) {
        return CC_ERROR;
    }
    std::fputs("\n", stdout);
    print_help(stdout, suggestions);
    return CC_REDISPLAY;
}

Terminal::Terminal(int peer, Suggest suggest, Hear hear, std::filesystem::path history) {
    std::setlocale(LC_CTYPE, "");
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    impl_ = std::make_unique<Impl>(peer, std::move(suggest), std::move(hear), std::move(history));
}

Terminal::~Terminal() = default;

Terminal::Typed Terminal::read(const std::string& prompt) {
    is_interrupted = 0;
    impl_->prompt = prompt;
    impl_->outcome = Typed::Outcome::Leaves;
    int length = 0;
    const char* const typed = el_gets(impl_->editor, &length);
    if (typed == nullptr || length <= 0) {
        std::fputs("\n", stdout);
        return {impl_->outcome, ""};
    }
    std::string line(typed, static_cast<std::size_t>(length));
    while (line.ends_with('\n') || line.ends_with('\r')) {
        line.pop_back();
    }
    return {Typed::Outcome::Line, std::move(line)};
}

Terminal::Typed Terminal::read_secret(const std::string& prompt) const {
    is_interrupted = 0;
    const EchoOff silence;
    std::fputs(prompt.c_str(), stdout);
    std::fflush(stdout);
    Typed typed = impl_->read_line();
    std::fputs("\n", stdout);
    return typed;
}

// Written at once: a window may be closed at any time.
void Terminal::remember(const std::string& line, Memory memory) {
    if (line.find_first_not_of(" \t") == std::string::npos) {
        return;
    }
    HistEvent event{};
    history(impl_->lines, &event, H_ENTER, line.c_str());
    if (memory == Memory::Lasting && !impl_->file.empty()) {
        history(impl_->lasting, &event, H_ENTER, line.c_str());
        history(impl_->lasting, &event, H_SAVE, impl_->file.c_str());
    }
}

}  // namespace ringwall::sbc::console
