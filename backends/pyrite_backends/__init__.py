"""Where things are kept: the port that the program sees, and the engines behind it."""
