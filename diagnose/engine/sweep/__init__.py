"""Many runs compared: ranked, judged, and what went with the result."""
