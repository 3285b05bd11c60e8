"""Whether an account allows what is to be done, known before anything is made."""
