#include "phone/with_fields.h"

#include "sip/message_builder.h"

namespace ringwall::phone {

sip::MessagePtr with_fields(const sip::Message& message,
                            const std::vector<std::pair<std::string, std::string>>& fields) {
    auto builder =
        message.is_request()
            ? sip::MessageBuilder::request(message.method_text(), message.request_uri_text())
            : sip::MessageBuilder::response(message.status(), message.reason());
    for (const sip::HeaderLine& line : message.headers()) {
        if (line.id != sip::HeaderName::ContentLength) {
            builder.raw(line);
        }
    }
    for (const auto& [name, value] : fields) {
        builder.header(name, value);
    }
    builder.body(message.body());
    return builder.build();
}

}  // namespace ringwall::phone
