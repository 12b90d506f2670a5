#include "scenario/tls_contexts.h"

#include "base/check.h"
#include "unit/tls/test_pki.h"

namespace ringwall::test {
namespace {

const tls::test::TestAuthority& authority() {
    static const tls::test::TestAuthority made;
    return made;
}

const tls::test::Credentials& credentials() {
    static const tls::test::Credentials made = [] {
        tls::test::Subject subject;
        subject.alt_names = "URI:sip:border.example.com,DNS:border.example.com";
        return authority().issue(subject);
    }();
    return made;
}

std::shared_ptr<const tls::Context> context(tls::Context::Role role) {
    tls::ContextOptions options;
    options.certificate = credentials().certificate;
    options.private_key = Secret(credentials().key);
    options.trust_anchors = trust_anchors();
    auto made = tls::Context::create(role, options);
    CHECK(made.has_value());
    return *made;
}

}  // namespace

std::shared_ptr<const tls::Context> server_context() {
    static const auto made = context(tls::Context::Role::Server);
    return made;
}

std::shared_ptr<const tls::Context> client_context() {
    static const auto made = context(tls::Context::Role::Client);
    return made;
}

const std::string& border_certificate() {
    return credentials().certificate;
}
const std::string& border_key() {
    return credentials().key;
}
const std::string& trust_anchors() {
    static const std::string made = authority().certificate();
    return made;
}

const std::string& other_anchors() {
    static const std::string made = tls::test::TestAuthority("Another CA").certificate();
    return made;
}

}  // namespace ringwall::test
