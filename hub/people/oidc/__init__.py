"""Login at an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636)."""
