"""Which runs to ask for, and what their outcomes show: a study asks, and never starts anything itself."""
