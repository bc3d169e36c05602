"""The shortest programs that read one event, a client each: what a start costs."""
