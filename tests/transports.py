"""A base class for transports of tests that send through another transport."""

from autoforge.dynamodb.transport.transport import Transport


class WrappedTransport(Transport):
    """A transport that sends through another, and so has no connections to open or close."""

    def warm(self) -> None:
        """Open nothing: the other transport opens its connections itself."""

    def close(self) -> None:
        """Close nothing: the other transport closes its connections itself."""
