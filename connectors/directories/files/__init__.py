"""People from a CSV or LDIF file: a first try, or the door for a company without LDAP."""
