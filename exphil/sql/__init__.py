"""SQL over a store: what a query may name, and the closed connection that answers it."""
