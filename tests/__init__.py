"""The tests of autoforge."""
