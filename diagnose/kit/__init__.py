"""What rule and format authors use."""
