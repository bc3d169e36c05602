"""What any HTTP API needs: bodies, problems, preconditions, paging, limits."""
