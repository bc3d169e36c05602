"""Questions asked over HTTP. Knows Litestar; nothing but the command line imports it."""
