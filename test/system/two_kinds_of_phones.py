"""Phones over UDP and over TLS that register at ringwall-sbc: the console's words, to be ended by subscribers and `commit`."""
PHONES_OF_TWO_KINDS = """\
configure
sbc test
 sbe
  tls certificate ../pki/sbc.crt
  tls private-key ../pki/sbc.key
  tls trust-anchors ../pki/ca.crt
  adjacency sip old
   inherit profile preset-access
   authentication algorithm md5
   signaling-address ipv4 192.0.2.1
   security trusted-unencrypted
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   attach
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5
   security trusted-encrypted
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication optional
   attach
"""
