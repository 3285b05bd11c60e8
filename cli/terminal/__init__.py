"""Input and output for people: text on the terminal or in a pipe, commands to type next, questions."""
