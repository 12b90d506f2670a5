#include "sip/registration/instance_id.h"

#include "sip/auth/hash.h"

namespace ringwall::sip {

std::string instance_id(std::initializer_list<std::string_view> names) {
    std::string hash = auth::hash_hex(auth::Algorithm::Sha256, names);
    hash[12] = '8';  // version and variant: of our own making (RFC 9562 §5.8)
    hash[16] = 'a';
    return "urn:uuid:" + hash.substr(0, 8) + "-" + hash.substr(8, 4) + "-" + hash.substr(12, 4) +
           "-" + hash.substr(16, 4) + "-" + hash.substr(20, 12);
}

}  // namespace ringwall::sip
