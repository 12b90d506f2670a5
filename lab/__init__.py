"""The lab: real phones, namespaces, certificates and checks. See README.md in this folder."""
