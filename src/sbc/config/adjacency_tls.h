// The TLS contexts of an adjacency, from the files that the configuration names. Each adjacency has
// its own, with its own trust anchors: what one peer's authority signs means nothing at another's.
#pragma once

#include <string>

#include "base/result.h"
#include "sbc/config/config_error.h"
#include "sbc/config/draft.h"
#include "sbc/config/reader.h"

namespace ringwall::sbc {

class AdjacencyTls {
public:
    // `defaults` are the host's files, for adjacencies without their own.
    AdjacencyTls(const TlsFiles& defaults, const FileReader& read_file);

    // For an attached trusted-encrypted adjacency: sets tls_server, tls_client, certificate.
    // The errors: all files that are missing, or what is wrong with them together.
    Result<void, ConfigErrors> prepare(DraftAdjacency& adjacency);

private:
    struct Pem {
        std::string text;
        std::string path;  // where the configuration names the file
        std::string name;
    };
    Result<Pem, ConfigError> read(const DraftAdjacency& adjacency, std::string_view leaf,
                                  std::string TlsFiles::*member) const;

    const TlsFiles& defaults_;
    const FileReader& read_file_;
};

}  // namespace ringwall::sbc
