"""LDAP directories that are not Active Directory: OpenLDAP, 389 Directory Server and their like."""
