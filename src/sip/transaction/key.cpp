#include "sip/transaction/key.h"

#include <initializer_list>

#include "base/text.h"

namespace ringwall::sip::transaction {
namespace {

constexpr std::size_t longest_size = 8;  // of a part, written, with its colon

std::string join(char kind, std::initializer_list<std::string_view> parts) {
    std::size_t size = 1;
    for (const std::string_view part : parts) {
        size += longest_size + part.size();
    }
    std::string out;
    out.reserve(size);
    out.push_back(kind);
    for (const std::string_view part : parts) {
        out.append(std::to_string(part.size())).push_back(':');
        out.append(part);
    }
    return out;
}

}  // namespace

std::string server_key(const Message& request, std::string_view method, std::string_view to_tag) {
    const Via& via = request.top_via();
    if (via.has_rfc3261_branch()) {
        return join('3', {via.branch(), lower(via.host), std::to_string(via.port), method});
    }
    return join('2', {request.call_id(), std::to_string(request.cseq().number), method,
                      request.from_tag(), to_tag, request.request_uri_text(), via.text});
}

std::string client_key(const Message& message) {
    return join('c', {message.top_via().branch(), message.cseq().method_text});
}

}  // namespace ringwall::sip::transaction
