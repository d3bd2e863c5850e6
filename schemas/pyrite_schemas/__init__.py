"""What the parts of the program tell each other and the user: values that never change, errors."""
