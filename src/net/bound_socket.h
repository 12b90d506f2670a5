// A non-blocking socket bound to a local address.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"
#include "net/file_descriptor.h"
#include "net/listen_options.h"

namespace ringwall::net {

// `type` is SOCK_DGRAM or SOCK_STREAM.
Result<FileDescriptor, SocketError> bound_socket(int type, const Endpoint& local,
                                                 PortSharing sharing);

}  // namespace ringwall::net
