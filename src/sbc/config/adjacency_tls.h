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
    AdjacencyTls(const TlsFiles& defaults, const FileReader& read_file,
                 const std::string& file_name);

    // For an attached trusted-encrypted adjacency: sets tls_server, tls_client, certificate_names.
    Result<void, ConfigError> prepare(DraftAdjacency& adjacency);

private:
    struct Pem {
        std::string text;
        unsigned line = 0;  // where the configuration names the file
        std::string name;
    };
    Result<Pem, ConfigError> read(const DraftAdjacency& adjacency, std::string_view leaf,
                                  std::string TlsFiles::*member) const;
    ConfigError error(unsigned line, const std::string& word, std::string sentence) const;

    const TlsFiles& defaults_;
    const FileReader& read_file_;
    const std::string& file_name_;
};

}  // namespace ringwall::sbc
