// The TLS contexts of an adjacency, from the files that the configuration names. Each adjacency has
// its own, with its own trust anchors: what one peer's authority signs means nothing at another's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"
#include "sbc/config/reader.h"

namespace ringwall::sbc {

// Why no peer takes the certificate of an adjacency for what it is shown as: "certificate 'sbc.crt'
// is not for a server, by its key usage or extended key usage". Empty: it is fit, or none is shown.
std::string unfit_certificate(const Adjacency& adjacency, tls::Context::Role role);
// The same where it was meant for that role: one for both may be the server's only.
std::string useless_certificate(const Adjacency& adjacency, tls::Context::Role role);

// The files that are read for it, each for its use; `defaults` are the host's.
std::vector<std::string> file_names(const DraftAdjacency& draft, const TlsFiles& defaults);

class AdjacencyTls {
public:
    // `defaults` are the host's files, for adjacencies without their own. Each file is read once,
    // so that all who name it see the same contents.
    AdjacencyTls(const TlsFiles& defaults, const FileReader& read_file);

    // For an attached trusted-encrypted adjacency: sets tls_server, tls_client and what is shown by
    // them; and, whatever comes of it, tls_files. The errors: all files that are missing, or what
    // is wrong with them together.
    Result<void, ConfigErrors> prepare(DraftAdjacency& adjacency);

private:
    struct Pem {
        std::string text;
        std::string path;  // where the configuration names the file
        std::string name;
    };
    struct Files {
        Pem certificate;
        Pem private_key;
        Pem trust_anchors;
        Pem crl;  // may be none
    };
    // What a file is for, and where its name stands.
    struct Use {
        std::string_view leaf;
        std::string TlsFiles::*member;
        bool is_needed = true;
    };
    Result<Files, ConfigErrors> files_of(const DraftAdjacency& draft, tls::Context::Role role);
    Result<Pem, ConfigError> read(const DraftAdjacency& draft, tls::Context::Role role,
                                  const Use& use);
    const Result<Secret, std::string>& contents(const std::string& name);

    const TlsFiles& defaults_;
    const FileReader& read_file_;
    std::map<std::string, Result<Secret, std::string>> contents_;
};

}  // namespace ringwall::sbc
