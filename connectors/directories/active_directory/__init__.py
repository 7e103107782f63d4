"""Active Directory, by Microsoft or Samba, over LDAP."""
