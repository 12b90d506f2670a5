#include "sip/auth/server_authentication.h"

namespace ringwall::sip::auth {
namespace {

// RFC 7616 §3.4.6: the digest's uri must be the Request-URI, or it was made for another request.
bool is_for_this_request(const Credentials& credentials, const Message& request) {
    if (credentials.uri == request.request_uri_text()) {
        return true;
    }
    const auto uri = parse_uri(credentials.uri);
    return uri && equivalent(*uri, request.request_uri());
}

}  // namespace

std::optional<Credentials> credentials_for(const Message& request, std::string_view realm) {
    for (const HeaderLine& line : request.headers()) {
        if (line.id != HeaderName::Authorization) {
            continue;
        }
        auto credentials = parse_credentials(line.value);
        if (credentials && credentials->realm == realm) {
            return std::move(*credentials);
        }
    }
    return std::nullopt;
}

bool proves(const Credentials& credentials, const HashedPassword& password,
            const Message& request) {
    Verifier verifier;
    return proves(credentials, password, request, verifier);
}

bool proves(const Credentials& credentials, const HashedPassword& password, const Message& request,
            Verifier& verifier) {
    return credentials.qop != Qop::None && !credentials.userhash &&
           is_for_this_request(credentials, request) &&
           verifier.verify(credentials, password, request.method_text(), request.body());
}

}  // namespace ringwall::sip::auth
