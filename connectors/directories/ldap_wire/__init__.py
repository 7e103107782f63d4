"""LDAP as every LDAP directory speaks it: connecting, searching at wire speed, groups, references, trouble.

    options -> session (TLS, bind, fail-over) -> search (pages) -> messages (framing) -> ber (bytes)
    reading = groups + references + pages, sealed as sightings; a dialect says what one vendor means by it

The vendors' own knowledge is in the dialects, beside this package: `active_directory`, `ldap`.
"""
