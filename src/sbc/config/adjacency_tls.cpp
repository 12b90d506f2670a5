#include "sbc/config/adjacency_tls.h"

#include <string_view>
#include <utility>

#include "sbc/model/word_values.h"

namespace ringwall::sbc {
namespace {

ConfigError error(std::string path, const std::string& word, std::string sentence) {
    return {.path = std::move(path), .word = word, .sentence = std::move(sentence)};
}

}  // namespace

AdjacencyTls::AdjacencyTls(const TlsFiles& defaults, const FileReader& read_file)
    : defaults_(defaults), read_file_(read_file) {}

Result<void, ConfigErrors> AdjacencyTls::prepare(DraftAdjacency& draft) {
    Adjacency& adjacency = draft.adjacency;
    ConfigErrors missing;
    const auto wanted = [&](std::string_view leaf, std::string TlsFiles::*member) {
        auto pem = read(draft, leaf, member);
        if (!pem) {
            missing.push_back(pem.error());
        }
        return pem ? std::move(*pem) : Pem{};
    };
    const Pem certificate = wanted("tls certificate", &TlsFiles::certificate);
    Pem private_key = wanted("tls private-key", &TlsFiles::private_key);
    const Pem trust_anchors = wanted("tls trust-anchors", &TlsFiles::trust_anchors);
    if (!missing.empty()) {
        return fail(std::move(missing));
    }

    const tls::ContextOptions options{
        .certificate = certificate.text,
        .private_key = Secret(std::move(private_key.text)),
        .trust_anchors = trust_anchors.text,
        .client_authentication = adjacency.tls_client_authentication,
        .session_id_context = adjacency.name,
    };
    const auto refused = [&](const tls::ContextError& why) {
        return fail(ConfigErrors{error(certificate.path, certificate.name,
                                       "TLS of adjacency '" + adjacency.name + "' (certificate " +
                                           shown(certificate.name) + ", private key " +
                                           shown(private_key.name) + ", trust anchors " +
                                           shown(trust_anchors.name) + "): " + why.sentence)});
    };
    auto server = tls::Context::create(tls::Context::Role::Server, options);
    if (!server) {
        return refused(server.error());
    }
    auto client = tls::Context::create(tls::Context::Role::Client, options);
    if (!client) {
        return refused(client.error());
    }
    auto own = tls::read_own_certificate(certificate.text);
    if (!own) {
        return refused(own.error());
    }
    adjacency.tls_server = std::move(*server);
    adjacency.tls_client = std::move(*client);
    adjacency.certificate = std::move(*own);
    adjacency.certificate_file = certificate.name;
    return {};
}

Result<AdjacencyTls::Pem, ConfigError> AdjacencyTls::read(const DraftAdjacency& draft,
                                                          std::string_view leaf,
                                                          std::string TlsFiles::*member) const {
    const bool is_own = !(draft.files.*member).empty();
    const TlsFiles& files = is_own ? draft.files : defaults_;
    Pem pem{.text = {}, .path = files.path + " " + std::string(leaf), .name = files.*member};
    if (pem.name.empty()) {
        return fail(error(draft.path, draft.adjacency.name,
                          "adjacency '" + draft.adjacency.name +
                              "' cannot be attached encrypted without '" + std::string(leaf) +
                              " FILE'; add it there, or under 'sbe' for all"));
    }
    auto text = read_file_(pem.name);
    if (!text) {
        return fail(
            error(pem.path, pem.name, shown(pem.name) + " cannot be read: " + text.error()));
    }
    if (text->empty()) {
        return fail(error(pem.path, pem.name, shown(pem.name) + " is empty; it must be PEM"));
    }
    pem.text = std::move(*text);
    return pem;
}

}  // namespace ringwall::sbc
