"""SCIM 2.0 (RFC 7643, RFC 7644): a platform whose accounts are made and kept by the standard protocol."""
