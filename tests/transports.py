"""What the transports of tests have in common: they wrap one that keeps connections itself."""

from autoforge.dynamodb.transport.transport import Transport


class WrappedTransport(Transport):
    """A transport that sends through another, and so has no connection of its own."""

    def warm(self) -> None:
        """Open nothing."""

    def close(self) -> None:
        """Close nothing."""
