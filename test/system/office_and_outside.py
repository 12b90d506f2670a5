"""An office that calls the outside: their hosts, and the configuration of ringwall-sbc between them."""
OFFICE, OUTSIDE = "198.51.100.21", "203.0.113.31"
CONFIGURATION = """\
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   attach
  adjacency sip outside
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer 203.0.113.31
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency outside
     action complete
   complete
  active-call-policy-set 1
"""
