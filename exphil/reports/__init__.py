"""Reports on a store, a run and a player, and the plots that they share with Dagster's metadata."""
