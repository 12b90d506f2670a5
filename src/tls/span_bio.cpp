#include "tls/span_bio.h"

#include <algorithm>

namespace ringwall::tls {

namespace {

int read_span(BIO* bio, char* data, std::size_t length, std::size_t* read) {
    auto& in = static_cast<Spans*>(BIO_get_data(bio))->in;
    BIO_clear_retry_flags(bio);
    *read = std::min(length, in.size());
    if (*read == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    in.copy(data, *read);
    in.remove_prefix(*read);
    return 1;
}

int write_span(BIO* bio, const char* data, std::size_t length, std::size_t* written) {
    if (std::string* const out = static_cast<Spans*>(BIO_get_data(bio))->out) {
        out->append(data, length);
    }
    *written = length;
    return 1;
}

long control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Built once; OpenSSL wants it to live as long as any BIO.
const BIO_METHOD* span_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "spans");
        BIO_meth_set_read_ex(made, read_span);
        BIO_meth_set_write_ex(made, write_span);
        BIO_meth_set_ctrl(made, control);
        return made;
    }();
    return method;
}

}  // namespace

BioPointer make_span_bio(Spans& spans) {
    BioPointer bio(BIO_new(span_method()));
    if (bio) {
        BIO_set_data(bio.get(), &spans);
        BIO_set_init(bio.get(), 1);
    }
    return bio;
}

}  // namespace ringwall::tls
