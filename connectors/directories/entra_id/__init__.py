"""Microsoft Entra ID (Azure AD) by Microsoft Graph."""
