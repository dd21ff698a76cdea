"""What the customer reads: the letter, its picture, its languages."""
