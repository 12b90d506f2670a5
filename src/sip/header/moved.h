// Views of one value, when the value is written again elsewhere: the same parts of it there. What
// was read once is not read again.
#pragma once

#include <string_view>

#include "sip/header/name_addr.h"
#include "sip/header/via.h"

namespace ringwall::sip {

class Moved {
public:
    // All views are into `value`, or of nothing.
    Moved(std::string_view value, const char* to) : from_(value.data()), to_(to) {}

    std::string_view operator()(std::string_view part) const {
        return part.data() == nullptr ? part
                                      : std::string_view(to_ + (part.data() - from_), part.size());
    }
    Parameters operator()(const Parameters& parameters) const {
        return {(*this)(parameters.text), parameters.may_be_escaped};
    }
    Via operator()(Via via) const {
        for (std::string_view* part :
             {&via.text, &via.transport_text, &via.host, &via.branch_value}) {
            *part = (*this)(*part);
        }
        via.parameters = (*this)(via.parameters);
        return via;
    }
    NameAddr operator()(NameAddr address) const {
        Uri& uri = address.uri;
        for (std::string_view* part : {&address.text, &address.display_name, &uri.text, &uri.user,
                                       &uri.password, &uri.host, &uri.headers}) {
            *part = (*this)(*part);
        }
        uri.parameters = (*this)(uri.parameters);
        address.parameters = (*this)(address.parameters);
        if (address.first_tag) {
            address.first_tag = (*this)(*address.first_tag);
        }
        return address;
    }

private:
    const char* from_;
    const char* to_;
};

}  // namespace ringwall::sip
