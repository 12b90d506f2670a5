// TLS contexts for nodes of the simulated network: there they only say "this speaks TLS"; who the
// peer is, the node says. And the PEM files that a configuration names.
#pragma once

#include <memory>
#include <string>

#include "tls/context.h"

namespace ringwall::test {

std::shared_ptr<const tls::Context> server_context();
std::shared_ptr<const tls::Context> client_context();

const std::string& border_certificate();  // of border.example.com
const std::string& border_key();
const std::string& trust_anchors();
const std::string& other_anchors();

}  // namespace ringwall::test
