"""What every engine promises: each test runs on all of them."""
