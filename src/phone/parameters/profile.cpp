#include "phone/parameters/profile.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"

namespace ringwall::phone {
namespace {

char mark_of(Access access) {
    switch (access) {
        case Access::None:
            return '~';
        case Access::Read:
            return '?';
        case Access::Write:
            return '!';
    }
    return '~';
}

struct Statement {
    std::string_view name;
    std::optional<Access> access;
    std::optional<std::string> value;
};

class Reader {
public:
    Reader(std::string_view text, Values& values) : rest_(text), values_(values) {}

    std::vector<Remark> read() {
        constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
        if (rest_.starts_with(byte_order_mark)) {
            rest_.remove_prefix(byte_order_mark.size());
        }
        for (skip_blank(); !rest_.empty(); skip_blank()) {
            const std::size_t line = line_;
            auto statement = read_statement();
            auto done = statement ? apply(*statement) : fail(std::move(statement.error()));
            if (!done) {
                remarks_.push_back({line, std::move(done.error())});
            }
        }
        return std::move(remarks_);
    }

private:
    char next() const { return rest_.empty() ? '\0' : rest_.front(); }
    void drop(std::size_t count) {
        line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, count), '\n'));
        rest_.remove_prefix(std::min(count, rest_.size()));
    }
    void skip_line() { drop(std::min(rest_.find('\n'), rest_.size())); }
    void skip_blank() {
        while (!rest_.empty() && (is_space(next()) || next() == '#' || next() == ';')) {
            if (next() == '#') {
                skip_line();
            } else {
                drop(1);
            }
        }
    }

    // After a mistake the next statement is looked for on the next line.
    auto mistake(std::string sentence) {
        skip_line();
        return fail(std::move(sentence));
    }

    Result<Statement, std::string> read_statement() {
        Statement statement;
        const std::size_t end = std::min(rest_.find_first_of("\"!?~;\n#"), rest_.size());
        statement.name = trim(rest_.substr(0, end));
        if (statement.name.empty()) {
            return mistake("a statement begins with the name of a parameter");
        }
        drop(end);
        read_access(statement);
        if (next() == '"') {
            drop(1);
            statement.value = TRY(read_value());
        }
        read_access(statement);
        if (next() != ';') {
            // Without quotes a value, maybe a password, is taken for a part of the name.
            const bool is_a_name = statement.value || find_numbered(statement.name);
            return mistake(
                (is_a_name ? "\"" + std::string(statement.name.substr(0, 60)) + "\": " : "") +
                "a statement is a name, a value in quotes and a semicolon; it changes nothing");
        }
        drop(1);
        return statement;
    }

    void read_access(Statement& statement) {
        skip_spaces();
        for (const Access access : {Access::None, Access::Read, Access::Write}) {
            if (next() == mark_of(access)) {
                statement.access = access;
                drop(1);
                skip_spaces();
                return;
            }
        }
    }
    void skip_spaces() {
        while (next() == ' ' || next() == '\t' || next() == '\r') {
            drop(1);
        }
    }

    // After the opening quote, to the closing one on the same line.
    Result<std::string, std::string> read_value() {
        std::string value;
        while (next() != '"') {
            if (rest_.empty() || next() == '\n') {
                return mistake("a quote is not closed on its line; the statement changes nothing");
            }
            if (next() == '\\' && rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\\')) {
                drop(1);
            }
            value.push_back(next());
            drop(1);
        }
        drop(1);
        return value;
    }

    Result<void, std::string> apply(const Statement& statement) {
        const auto found = find_numbered(statement.name);
        if (!found) {
            return fail(statement.value
                            ? unknown_parameter(statement.name)
                            : "there is no such parameter; a value stands in quotes behind it");
        }
        const Parameter& parameter = *found->parameter;
        // An access mark alone leaves the value.
        if (statement.value || !statement.access) {
            const auto done = statement.value ? values_.set(parameter, found->n, *statement.value)
                                              : values_.reset(parameter, found->n);
            if (!done) {
                const bool has_place =
                    (parameter.count == Count::Many) == (found->n != 0) && found->n <= most_lines;
                return fail(done.error() +
                            (has_place ? "; " + kept(parameter, found->n) : std::string()));
            }
        }
        if (statement.access) {
            return values_.set_access(parameter, found->n, *statement.access);
        }
        return {};
    }
    std::string kept(const Parameter& parameter, unsigned n) const {
        const std::string value = values_.shown(parameter, n);
        return value.empty() ? "it stays empty" : "\"" + value + "\" is kept";
    }

    std::string_view rest_;
    Values& values_;
    std::size_t line_ = 1;
    std::vector<Remark> remarks_;
};

std::string name_of(const Parameter& parameter, unsigned n) {
    std::string name = full_name(parameter, n);
    std::ranges::replace(name, ' ', '_');
    return name;
}

std::string quoted(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
        }
        out.push_back(c);
    }
    return out.append("\"");
}

}  // namespace

std::vector<Remark> read_profile(std::string_view text, Values& values) {
    return Reader(text, values).read();
}

std::string statement_of(const Parameter& parameter, unsigned n, std::string_view value) {
    return name_of(parameter, n) + " " + quoted(value) + " ;";
}

}  // namespace ringwall::phone
