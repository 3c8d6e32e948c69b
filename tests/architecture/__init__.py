"""The house as tests."""
