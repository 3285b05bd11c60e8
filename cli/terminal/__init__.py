"""What people read and answer: text on the terminal or in a pipe, commands to type next, questions."""
