#include "sbc/config/adjacency_tls.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "sbc/model/word_values.h"
#include "tls/own_usage.h"
#include "tls/revocation_lists.h"

namespace ringwall::sbc {
namespace {

using tls::Context;

ConfigError error(std::string path, const std::string& word, std::string sentence) {
    return {.path = std::move(path), .word = word, .sentence = std::move(sentence)};
}

// Of this process.
const Secret& ticket_root() {
    static const Secret made = [] {
        SystemRandom random;
        return Secret(random.token(64));
    }();
    return made;
}

// Its own, or that of the other role, or the host's.
const TlsFiles& place_of(const DraftAdjacency& draft, const TlsFiles& defaults, Context::Role role,
                         std::string TlsFiles::*member) {
    if (role == Context::Role::Client && !(draft.client_files.*member).empty()) {
        return draft.client_files;
    }
    return (draft.files.*member).empty() ? defaults : draft.files;
}

// Why nobody would be let in by them; empty: whoever is not on them may come.
std::string useless_lists(const Adjacency::Revocation& revocation, const std::string& anchors) {
    if (revocation.file.empty()) {
        return "";
    }
    const std::string whose = "CRL " + shown(revocation.file) + " has ";
    if (!revocation.has_list_of_anchor()) {
        return whose + "no list of an authority among the trust anchors " + shown(anchors) +
               ", so no peer would be let in; take one that has, or add the certificate of "
               "whoever signs it to them";
    }
    return revocation.pretender.empty()
               ? ""
               : whose + "a list that bears the name of trust anchor " +
                     shown(revocation.pretender) +
                     " and is not signed by it, so peers would be refused; take it out, or take "
                     "the one that is";
}

}  // namespace

std::string unfit_certificate(const Adjacency& adjacency, Context::Role role) {
    const bool is_server = role == Context::Role::Server;
    const Context* const context = (is_server ? adjacency.tls_server : adjacency.tls_client).get();
    // To phones nobody connects.
    if (context == nullptr || (!is_server && adjacency.profile == Profile::Access) ||
        tls::is_fit_for_role(*context)) {
        return "";
    }
    return "certificate " +
           shown((is_server ? adjacency.certificate : adjacency.client_certificate).file) +
           " is not for a " + (is_server ? "server" : "client") +
           ", by its key usage or extended key usage";
}

std::string useless_certificate(const Adjacency& adjacency, Context::Role role) {
    const bool is_meant = role == Context::Role::Server ||
                          adjacency.client_certificate.file != adjacency.certificate.file;
    return is_meant ? unfit_certificate(adjacency, role) : "";
}

std::vector<std::string> file_names(const DraftAdjacency& draft, const TlsFiles& defaults) {
    std::vector<std::string> out;
    for (const Context::Role role : {Context::Role::Server, Context::Role::Client}) {
        for (const auto member : {&TlsFiles::certificate, &TlsFiles::private_key,
                                  &TlsFiles::trust_anchors, &TlsFiles::crl}) {
            out.push_back(place_of(draft, defaults, role, member).*member);
        }
    }
    return out;
}

AdjacencyTls::AdjacencyTls(const TlsFiles& defaults, const FileReader& read_file)
    : defaults_(defaults), read_file_(read_file) {}

Result<void, ConfigErrors> AdjacencyTls::prepare(DraftAdjacency& draft) {
    Adjacency& adjacency = draft.adjacency;
    for (std::string& each : file_names(draft, defaults_)) {
        if (!each.empty()) {
            adjacency.tls_files.insert(std::move(each));
        }
    }
    for (const Context::Role role : {Context::Role::Server, Context::Role::Client}) {
        Files files = TRY(files_of(draft, role));
        const auto refused = [&](const tls::ContextError& why) {
            const std::string list = files.crl.name.empty() ? "" : ", CRL " + shown(files.crl.name);
            return fail(ConfigErrors{
                error(files.certificate.path, files.certificate.name,
                      "TLS of adjacency '" + adjacency.name + "' (certificate " +
                          shown(files.certificate.name) + ", private key " +
                          shown(files.private_key.name) + ", trust anchors " +
                          shown(files.trust_anchors.name) + list + "): " + why.sentence)});
        };
        auto context =
            Context::create(role, {.certificate = files.certificate.text,
                                   .private_key = Secret(std::move(files.private_key.text)),
                                   .trust_anchors = files.trust_anchors.text,
                                   .revocation_lists = files.crl.text,
                                   .client_authentication = adjacency.tls_client_authentication,
                                   .min_version = adjacency.tls_min_version,
                                   .ciphers = adjacency.tls_ciphers,
                                   .session_id_context = adjacency.name,
                                   .ticket_root = ticket_root()});
        if (!context) {
            return refused(context.error());
        }
        auto own = tls::read_own_certificate(files.certificate.text);
        if (!own) {
            return refused(own.error());
        }
        const bool is_server = role == Context::Role::Server;
        (is_server ? adjacency.tls_server : adjacency.tls_client) = std::move(*context);
        (is_server ? adjacency.certificate : adjacency.client_certificate) = {
            std::move(*own), files.certificate.name};
        Adjacency::Revocation& revocation =
            is_server ? adjacency.revocation : adjacency.client_revocation;
        revocation = {tls::read_revocations(files.trust_anchors.text, files.crl.text),
                      files.crl.name};
        if (const std::string why = useless_lists(revocation, files.trust_anchors.name);
            !why.empty()) {
            return fail(ConfigErrors{error(files.crl.path, files.crl.name, why)});
        }
        if (const auto next = tls::next_update(files.crl.text)) {
            adjacency.crl_next_update =
                std::min(adjacency.crl_next_update.value_or(WallTime::max()), *next);
        }
    }
    return {};
}

Result<AdjacencyTls::Files, ConfigErrors> AdjacencyTls::files_of(const DraftAdjacency& draft,
                                                                 Context::Role role) {
    Files files;
    ConfigErrors errors;
    for (const auto& [pem, use] :
         {std::pair(&files.certificate, Use{"certificate", &TlsFiles::certificate}),
          std::pair(&files.private_key, Use{"private-key", &TlsFiles::private_key}),
          std::pair(&files.trust_anchors, Use{"trust-anchors", &TlsFiles::trust_anchors}),
          std::pair(&files.crl, Use{"crl", &TlsFiles::crl, false})}) {
        if (auto got = read(draft, role, use)) {
            *pem = std::move(*got);
        } else {
            errors.push_back(std::move(got.error()));
        }
    }
    if (!errors.empty()) {
        return fail(std::move(errors));
    }
    return files;
}

Result<AdjacencyTls::Pem, ConfigError> AdjacencyTls::read(const DraftAdjacency& draft,
                                                          Context::Role role, const Use& use) {
    const TlsFiles& files = place_of(draft, defaults_, role, use.member);
    const bool is_clients = &files == &draft.client_files;
    const std::string leaf = (is_clients ? "tls client-" : "tls ") + std::string(use.leaf);
    Pem pem{.text = {}, .path = files.path + " " + leaf, .name = files.*use.member};
    if (pem.name.empty() && !use.is_needed) {
        return pem;
    }
    if (pem.name.empty()) {
        return fail(error(draft.path, draft.adjacency.name,
                          "adjacency '" + draft.adjacency.name +
                              "' cannot be attached encrypted without '" + leaf +
                              " FILE'; add it there, or under 'sbe' for all"));
    }
    const auto& text = contents(pem.name);
    if (!text) {
        return fail(
            error(pem.path, pem.name, shown(pem.name) + " cannot be read: " + text.error()));
    }
    if (text->empty()) {
        return fail(error(pem.path, pem.name, shown(pem.name) + " is empty; it must be PEM"));
    }
    pem.text = text->reveal();  // OpenSSL takes it from there
    return pem;
}

// Any of them may be a private key.
const Result<Secret, std::string>& AdjacencyTls::contents(const std::string& name) {
    const auto known = contents_.find(name);
    if (known != contents_.end()) {
        return known->second;
    }
    auto text = read_file_(name);
    return contents_
        .emplace(name, text ? Result<Secret, std::string>(Secret(std::move(*text)))
                            : fail(std::move(text.error())))
        .first->second;
}

}  // namespace ringwall::sbc
