#include "sip/dialog/dialog.h"

#include <algorithm>
#include <utility>

namespace ringwall::sip {
namespace {

// A From or To value without its parameters: they are the tag, which is kept by itself, and what
// means nothing in a dialog.
std::string without_parameters(const NameAddr& address) {
    std::string out;
    out.reserve(address.display_name.size() + address.uri.text.size() + 3);
    out.append(address.display_name);
    if (!out.empty()) {
        out.push_back(' ');
    }
    return out.append("<").append(address.uri.text).append(">");
}

std::string with_tag(const std::string& address, const std::string& tag) {
    if (tag.empty()) {
        return address;  // §12.1.2: a peer of RFC 2543
    }
    std::string out;
    out.reserve(address.size() + 5 + tag.size());
    return out.append(address).append(";tag=").append(tag);
}

bool is_sip(const Uri& uri) {
    return uri.scheme == Scheme::Sip || uri.scheme == Scheme::Sips;
}

Result<std::vector<std::string>, ParseError> record_route(const Message& message) {
    std::vector<std::string> routes;
    const std::vector<NameAddr> values = TRY(message.name_addrs(HeaderName::RecordRoute));
    for (const NameAddr& route : values) {
        // A strict router's becomes a Request-URI of ours.
        if (!is_sip(route.uri)) {
            return fail(ParseError{ParseFault::BadUri, 0});
        }
        routes.emplace_back(route.text);
    }
    return routes;
}

// What may stand in a Request-URI (RFC 3261 §19.1.1, Table 1): no headers and no method parameter.
std::string as_request_uri(std::string_view text) {
    const auto uri = parse_uri(text);
    if (!uri) {
        return std::string(text);
    }
    const std::size_t headers = uri->headers.empty() ? 0 : uri->headers.size() + 1;
    const std::size_t parameters = uri->parameters.text.size();
    std::string out(text.substr(0, text.size() - headers - parameters));
    std::string_view rest = uri->parameters.text;
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find(';', 1));
        if (!Parameters{one, true}.has("method")) {
            out.append(one);
        }
        rest.remove_prefix(one.size());
    }
    return out;
}

bool is_loose(std::string_view route) {
    const auto parsed = parse_name_addr(route);
    return parsed && parsed->uri.parameters.has("lr");
}

std::string_view uri_of(std::string_view route) {
    const auto parsed = parse_name_addr(route);
    return parsed ? parsed->uri.text : route;
}

}  // namespace

Result<Dialog, ParseError> Dialog::of_request(const Message& request, std::string_view local_tag,
                                              State state) {
    const auto contact = TRY(dialog_contact(request));
    if (!contact) {
        return fail(ParseError{ParseFault::BadContact, 0});
    }
    Dialog dialog;
    dialog.role_ = Role::Uas;
    dialog.state_ = state;
    dialog.call_id_ = request.call_id();
    dialog.local_tag_ = local_tag;
    dialog.remote_tag_ = request.from_tag();
    dialog.local_uri_ = without_parameters(request.to());
    dialog.remote_uri_ = without_parameters(request.from());
    dialog.remote_target_ = contact->uri.text;
    dialog.route_set_ = TRY(record_route(request));
    dialog.remote_cseq_ = request.cseq().number;
    return dialog;
}

Result<Dialog, ParseError> Dialog::of_response(const Message& request, const Message& response) {
    if (response.status() < 200 && response.to_tag().empty()) {
        return fail(ParseError{ParseFault::BadParameter, 0});
    }
    Dialog dialog;
    dialog.role_ = Role::Uac;
    dialog.state_ = response.status() < 200 ? State::Early : State::Confirmed;
    dialog.call_id_ = request.call_id();
    dialog.local_tag_ = request.from_tag();
    dialog.remote_tag_ = response.to_tag();
    dialog.local_uri_ = without_parameters(request.from());
    dialog.remote_uri_ = without_parameters(request.to());
    dialog.remote_target_ = request.request_uri_text();
    dialog.local_cseq_ = request.cseq().number;
    TRY(dialog.take_routes_and_target(response));
    return dialog;
}

Dialog::Confirmed Dialog::confirmed() const {
    return {.call_id = call_id_,
            .local_tag = local_tag_,
            .remote_tag = remote_tag_,
            .local_uri = local_uri_,
            .remote_uri = remote_uri_,
            .remote_target = remote_target_,
            .route_set = route_set_,
            .local_cseq = local_cseq_,
            .remote_cseq = remote_cseq_};
}

Dialog Dialog::of(Confirmed confirmed) {
    Dialog dialog;
    dialog.state_ = State::Confirmed;
    dialog.call_id_ = std::move(confirmed.call_id);
    dialog.local_tag_ = std::move(confirmed.local_tag);
    dialog.remote_tag_ = std::move(confirmed.remote_tag);
    dialog.local_uri_ = std::move(confirmed.local_uri);
    dialog.remote_uri_ = std::move(confirmed.remote_uri);
    dialog.remote_target_ = std::move(confirmed.remote_target);
    dialog.route_set_ = std::move(confirmed.route_set);
    dialog.local_cseq_ = confirmed.local_cseq;
    dialog.remote_cseq_ = confirmed.remote_cseq;
    return dialog;
}

Result<void, ParseError> Dialog::confirm(const Message& response) {
    if (state_ == State::Confirmed) {
        return {};
    }
    if (role_ == Role::Uac) {
        TRY(take_routes_and_target(response));
    }
    state_ = State::Confirmed;
    return {};
}

Result<Dialog, ParseError> Dialog::of_notify(const Message& subscribe, const Message& notify) {
    return of_notify(subscribe.from_tag(), subscribe.cseq().number, notify);
}

Result<Dialog, ParseError> Dialog::of_notify(std::string_view local_tag, std::uint32_t cseq,
                                             const Message& notify) {
    Dialog dialog = TRY(of_request(notify, local_tag, State::Confirmed));
    dialog.role_ = Role::Uac;
    dialog.local_cseq_ = cseq;
    return dialog;
}

void Dialog::confirm() {
    state_ = State::Confirmed;
}

// §12.1.2: the UAC's route set is the Record-Route of the response from the end to the beginning.
Result<void, ParseError> Dialog::take_routes_and_target(const Message& response) {
    const auto contact = TRY(dialog_contact(response));
    route_set_ = TRY(record_route(response));  // nothing has changed before this line
    std::reverse(route_set_.begin(), route_set_.end());
    if (contact) {
        remote_target_ = contact->uri.text;
    }
    return {};
}

MessageBuilder Dialog::request(Method method, std::string_view method_text,
                               std::uint32_t max_forwards) {
    const bool counts = method != Method::Ack && method != Method::Cancel;
    if (counts) {
        ++local_cseq_;
    }
    return start(method_text, local_cseq_, max_forwards);
}

MessageBuilder Dialog::ack(std::uint32_t cseq) const {
    return start(to_string(Method::Ack), cseq, 70);
}

// §12.2.1.1. A first route without ;lr is a strict router: it takes the Request-URI, and the target
// becomes the last route.
MessageBuilder Dialog::start(std::string_view method_text, std::uint32_t cseq,
                             std::uint32_t max_forwards) const {
    const bool is_strict = !route_set_.empty() && !is_loose(route_set_.front());
    MessageBuilder builder = MessageBuilder::request(
        method_text,
        as_request_uri(is_strict ? uri_of(route_set_.front()) : std::string_view(remote_target_)));
    for (std::size_t i = is_strict ? 1 : 0; i < route_set_.size(); ++i) {
        builder.header(HeaderName::Route, route_set_[i]);
    }
    if (is_strict) {
        builder.header(HeaderName::Route, "<" + remote_target_ + ">");
    }
    builder.header(HeaderName::MaxForwards, std::to_string(max_forwards))
        .header(HeaderName::From, with_tag(local_uri_, local_tag_))
        .header(HeaderName::To, with_tag(remote_uri_, remote_tag_))
        .header(HeaderName::CallId, call_id_)
        .header(HeaderName::CSeq, std::to_string(cseq) + " " + std::string(method_text));
    return builder;
}

bool Dialog::accept_cseq(const Message& request) {
    const std::uint32_t number = request.cseq().number;
    if (remote_cseq_ && number < *remote_cseq_) {
        return false;
    }
    remote_cseq_ = number;
    return true;
}

void Dialog::set_remote_target(std::string_view uri) {
    remote_target_ = uri;
}

Result<std::optional<NameAddr>, ParseError> dialog_contact(const Message& message) {
    if (message.count(HeaderName::Contact) == 0) {
        return std::optional<NameAddr>();
    }
    const auto bad = [] { return fail(ParseError{ParseFault::BadContact, 0}); };
    if (message.is_contact_star()) {
        return bad();
    }
    if (const std::vector<Contact>& screened = message.contacts().list; !screened.empty()) {
        const NameAddr& first = screened.front().address;
        if (screened.size() != 1 || !is_sip(first.uri)) {
            return bad();
        }
        return std::optional<NameAddr>(first);
    }
    const auto contacts = message.name_addrs(HeaderName::Contact);
    if (!contacts || contacts->size() != 1) {
        return bad();
    }
    if (!is_sip(contacts->front().uri)) {
        return bad();
    }
    return std::optional<NameAddr>(contacts->front());
}

bool can_begin_dialog(const Message& request) {
    const auto contact = dialog_contact(request);
    return contact && *contact && record_route(request).has_value();
}

}  // namespace ringwall::sip
