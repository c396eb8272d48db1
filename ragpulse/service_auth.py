"""How a request shows who it is from."""

from ragpulse.model import FilePath, HeaderName, HeaderPrefix, Part


class HeaderAuth(Part):
    header: HeaderName = "Authorization"
    """header that carries the secret"""
    prefix: HeaderPrefix = "Bearer"
    """word before the secret"""
    value_file: FilePath
    """file that holds the secret"""
