"""The prompt of `exphil sql`."""
