"""The parts of the HTTP API that know no domain: bodies, problems, preconditions, paging."""
