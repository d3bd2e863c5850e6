"""The program: what it does, whatever it is asked from and wherever things are kept."""
