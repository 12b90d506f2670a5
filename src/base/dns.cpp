#include "base/dns.h"

namespace ringwall::dns {

std::string_view to_string(RecordType type) {
    switch (type) {
        case RecordType::A:
            return "A";
        case RecordType::Aaaa:
            return "AAAA";
        case RecordType::Srv:
            return "SRV";
        case RecordType::Naptr:
            return "NAPTR";
    }
    return "";
}

}  // namespace ringwall::dns
